import HTTPService

/// How many listeners each network has, and which network has the most: every answer in constant time.
struct NetworkSizes {
    private var places: [IPAddress: [Audience.Place: Int]] = [:]
    private var sizes: [IPAddress: Int] = [:]
    /// Networks by their number of listeners; the first element, of none, stays empty.
    private var bySize: [Set<IPAddress>] = [[]]

    func size(of network: IPAddress) -> Int { sizes[network] ?? 0 }

    mutating func insert(_ place: Audience.Place, of network: IPAddress) {
        places[network, default: [:]][place, default: 0] += 1
        move(network, from: size(of: network), to: size(of: network) + 1)
    }

    mutating func remove(_ place: Audience.Place, of network: IPAddress) {
        guard let count = places[network]?[place] else { return }
        places[network]?[place] = count > 1 ? count - 1 : nil
        if places[network]?.isEmpty == true { places[network] = nil }
        move(network, from: size(of: network), to: size(of: network) - 1)
    }

    /// A place in the network with the most listeners; nil where `network` would then have as many as that one.
    func placeInTheLargest(otherThan network: IPAddress) -> Audience.Place? {
        guard bySize.count - 1 > size(of: network) + 1, let largest = bySize.last?.first else { return nil }
        return places[largest]?.first?.key
    }

    private mutating func move(_ network: IPAddress, from old: Int, to new: Int) {
        if old > 0 { bySize[old].remove(network) }
        if new > 0 {
            while bySize.count <= new { bySize.append([]) }
            bySize[new].insert(network)
        }
        sizes[network] = new > 0 ? new : nil
        while bySize.count > 1, bySize[bySize.count - 1].isEmpty { bySize.removeLast() }
    }
}
