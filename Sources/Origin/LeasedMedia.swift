import HTTPService
import SegmentStore

/// The media of a live window as responses, by rendition and name, with the leases under which the event loops keep
/// them: one for each segment, since its parts leave the window with it.
struct LeasedMedia {
    private struct Item {
        var response: HTTPResponse
        var lease: HTTPLease
        var owner: String
    }

    /// One table a rendition.
    private var items: [[String: Item]] = []
    /// By the name of the segment, or of the initialization segment.
    private var leases: [String: HTTPLease] = [:]
    private var isClosed = false

    mutating func makeRoom(forRenditions count: Int) {
        guard items.count != count else { return }
        revokeAll()
        leases = [:]
        items = [[String: Item]](repeating: [:], count: count)
    }

    func answer(rendition: Int, name: String) -> HTTPAnswer? {
        items[rendition][name].map { .leased($0.response, $0.lease) }
    }

    /// - Parameter owner: with which it leaves: the segment, or the initialization segment itself.
    mutating func add(_ response: HTTPResponse, rendition: Int, name: String, owner: String) {
        guard items.indices.contains(rendition) else { return }
        items[rendition][name] = Item(response: response, lease: lease(owner), owner: owner)
    }

    private mutating func lease(_ owner: String) -> HTTPLease {
        if let lease = leases[owner] { return lease }
        let lease = HTTPLease()
        if isClosed { lease.revoke() }
        leases[owner] = lease
        return lease
    }

    /// The loops let go of what they keep of it; what is added from now on has a new lease.
    mutating func revoke(_ owner: String) { leases.removeValue(forKey: owner)?.revoke() }

    mutating func remove(_ names: [String]) {
        for rendition in items.indices {
            for name in names { items[rendition][name] = nil }
        }
    }

    /// All loops ask again.
    mutating func renewAll() {
        revokeAll()
        leases = [:]
        for rendition in items.indices {
            for (name, item) in items[rendition] {
                let lease = lease(item.owner)
                items[rendition][name]?.lease = lease
            }
        }
    }

    /// Nobody will take leases back any more, so there are none.
    mutating func close() {
        isClosed = true
        revokeAll()
    }

    private func revokeAll() {
        for lease in leases.values { lease.revoke() }
    }

    /// Whether a loop has given something out by itself since the last call.
    func takeUse() -> Bool { leases.values.reduce(false) { $1.takeUse() || $0 } }
}
