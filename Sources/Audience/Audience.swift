public import HTTPService

/// Who listens to which channel, as far as players show it. One that was not seen for a while is gone.
///
/// Bounded in three ways, so that whoever invents listeners neither raises a channel's number by much nor hides the
/// others': so many at one address and channel, so many in all of one network, so many in all. When the table is
/// full, the network with the most listeners gives one of them up for the newcomer, unless the newcomer is of a
/// network that has as many itself.
public struct Audience {
    public struct Limits: Sendable {
        /// At one address (IPv6: one /64) and one channel.
        public var perAddress: Int
        /// Of one network: an IPv4 address, or an IPv6 /48, which is what one customer can have.
        public var perNetwork: Int
        public var total: Int
        public var lifetime: Duration

        public init(
            perAddress: Int, perNetwork: Int = 2000, total: Int = 200_000, lifetime: Duration = .seconds(30)
        ) {
            self.perAddress = perAddress
            self.perNetwork = perNetwork
            self.total = total
            self.lifetime = lifetime
        }
    }

    /// One listener, as well as it can be told from the others.
    struct Listener: Hashable {
        var place: Place
        /// Tells listeners at one address apart.
        var name: Int
    }

    struct Place: Hashable {
        var channel: String
        var host: IPAddress
    }

    private let limits: Limits
    private var lastSeen: [Listener: ContinuousClock.Instant] = [:]
    private var names: [Place: Set<Int>] = [:]
    private var networks = NetworkSizes()

    public init(_ limits: Limits) {
        self.limits = limits
    }

    /// - Parameters:
    ///   - name: tells listeners at one address apart; a hash of whatever they differ in.
    /// - Returns: whether the listener is counted.
    @discardableResult
    public mutating func seen(
        _ address: IPAddress, name: Int, channel: String, at now: ContinuousClock.Instant
    ) -> Bool {
        let place = Place(channel: channel, host: address.host)
        let listener = Listener(place: place, name: name)
        if lastSeen[listener] != nil {
            lastSeen[listener] = now
            return true
        }
        let network = address.network
        if names[place]?.count ?? 0 >= limits.perAddress { forgetGone(place, at: now) }
        guard names[place]?.count ?? 0 < limits.perAddress, networks.size(of: network) < limits.perNetwork,
            lastSeen.count < limits.total || makeRoom(for: network)
        else { return false }
        lastSeen[listener] = now
        names[place, default: []].insert(name)
        networks.insert(place, of: network)
        return true
    }

    /// Listeners by channel, of channels that have any. Forgets who is gone: to be asked for every few seconds.
    public mutating func counts(at now: ContinuousClock.Instant) -> [String: Int] {
        for (listener, seen) in lastSeen where now - seen > limits.lifetime { remove(listener) }
        return names.reduce(into: [:]) { $0[$1.key.channel, default: 0] += $1.value.count }
    }

    /// Whoever is gone makes place for others at the address before the next count.
    private mutating func forgetGone(_ place: Place, at now: ContinuousClock.Instant) {
        for name in names[place] ?? [] {
            let listener = Listener(place: place, name: name)
            if let seen = lastSeen[listener], now - seen > limits.lifetime { remove(listener) }
        }
    }

    private mutating func makeRoom(for network: IPAddress) -> Bool {
        guard let place = networks.placeInTheLargest(otherThan: network), let name = names[place]?.first else {
            return false
        }
        remove(Listener(place: place, name: name))
        return true
    }

    private mutating func remove(_ listener: Listener) {
        guard lastSeen.removeValue(forKey: listener) != nil else { return }
        names[listener.place]?.remove(listener.name)
        if names[listener.place]?.isEmpty == true { names[listener.place] = nil }
        networks.remove(listener.place, of: listener.place.host.network)
    }
}

extension IPAddress {
    /// What one customer has: an IPv4 address or an IPv6 /48.
    var network: IPAddress { isV4 ? self : IPAddress(high: high & 0xFFFF_FFFF_FFFF_0000, low: 0) }
}
