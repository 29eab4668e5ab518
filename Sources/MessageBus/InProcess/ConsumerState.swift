/// Names a consumer of the in-process broker.
struct ConsumerID: Hashable, Sendable {
    let number: UInt64
}

/// What one consumer was handed and has not settled.
struct ConsumerState: Sendable {
    let prefetch: Int
    /// By tag. Those above `lastTaken` wait to be taken.
    private(set) var unsettled: [UInt64: QueueMessage] = [:]
    private var lastDelivered: UInt64 = 0
    private var lastTaken: UInt64 = 0
    /// Everything up to here is settled.
    private var settledThrough: UInt64 = 0

    init(prefetch: Int) {
        self.prefetch = prefetch
    }

    var hasRoom: Bool { unsettled.count < prefetch }
    var waitingCount: Int { Int(lastDelivered - lastTaken) }

    mutating func deliver(_ message: QueueMessage) {
        lastDelivered += 1
        unsettled[lastDelivered] = message
    }

    mutating func take() -> Delivery? {
        guard lastTaken < lastDelivered, let message = unsettled[lastTaken + 1] else { return nil }
        lastTaken += 1
        return Delivery(
            tag: DeliveryTag(number: lastTaken), payload: message.payload, redelivered: message.redelivered,
            topic: message.topic)
    }

    /// The message of this tag, unless it is settled or was never taken.
    mutating func settle(_ tag: DeliveryTag) -> QueueMessage? {
        guard tag.number <= lastTaken else { return nil }
        return unsettled.removeValue(forKey: tag.number)
    }

    mutating func settle(through tag: DeliveryTag) {
        let last = min(tag.number, lastTaken)
        while settledThrough < last {
            settledThrough += 1
            unsettled[settledThrough] = nil
        }
    }
}
