/// The deliveries of one channel that are not settled. RabbitMQ closes a channel on which one is settled twice.
struct UnsettledTags {
    private var tags: Set<UInt64> = []
    private var settledThrough: UInt64 = 0
    private var lastAdded: UInt64 = 0

    /// Tags grow.
    mutating func add(_ tag: UInt64) {
        tags.insert(tag)
        lastAdded = tag
    }

    /// Whether this one was not settled before.
    mutating func settle(_ tag: UInt64) -> Bool {
        tags.remove(tag) != nil
    }

    /// Settles all up to this one.
    /// - Returns: the last of them, by which the broker is to settle them; `nil` if there is none.
    mutating func settle(through tag: UInt64) -> UInt64? {
        var last: UInt64?
        while settledThrough < min(tag, lastAdded) {
            settledThrough += 1
            if tags.remove(settledThrough) != nil { last = settledThrough }
        }
        return last
    }
}
