public import NIOCore

/// One consumer of one queue, on a channel of its own.
///
/// Dropping the last reference without ``close()`` is a lost connection: everything unacknowledged comes again.
public protocol QueueConsumer: AnyObject, Sendable {
    /// The next message, in the order of the queue; waits for one. `nil` after ``close()`` and after the shutdown of
    /// the bus. Several tasks may wait at a time.
    /// - Throws: ``BusError/noSuchQueue(_:)`` once the queue is deleted, ``BusError/disconnected(_:)``, and
    ///   `CancellationError`, which loses no message.
    nonisolated(nonsending) func next() async throws -> Delivery?

    /// How many messages have come that nobody has taken yet, at most the prefetch; 0 once the consumer has ended.
    var waitingCount: Int { get }

    /// Settles this one message. Without effect for what is settled already, and once the consumer has ended: the
    /// message then comes again to another.
    func acknowledge(_ tag: DeliveryTag)

    /// Settles this message and every unsettled one delivered to this consumer before it.
    func acknowledge(through tag: DeliveryTag)

    /// Gives the message back: to its old place in the queue, or, without `requeue`, to the dead-letter queue of the
    /// subscriber; a plain queue drops it. Without effect under the conditions of ``acknowledge(_:)``.
    func reject(_ tag: DeliveryTag, requeue: Bool)

    /// Closes the channel. Everything unacknowledged goes back to its place in the queue, and in order to the next
    /// consumer, before this returns.
    func close() async
}

/// The consumer of the queue of a subscriber.
public protocol EventSubscription: QueueConsumer {
    /// Adds topic patterns. An event published after this returned is matched by them.
    func addTopics(_ topics: [String]) async throws

    /// Removes topic patterns, each as it was added. One that was not is no error.
    func removeTopics(_ topics: [String]) async throws
}

/// One message as handed to a consumer.
public struct Delivery: Hashable, Sendable {
    /// By which the consumer settles it.
    public let tag: DeliveryTag
    public let payload: ByteBuffer
    /// Whether it was handed to a consumer before, which need not have seen it.
    public let redelivered: Bool
    /// The topic of an event, also in a dead-letter queue; `nil` for the message of a queue.
    public let topic: String?

    init(tag: DeliveryTag, payload: ByteBuffer, redelivered: Bool, topic: String?) {
        self.tag = tag
        self.payload = payload
        self.redelivered = redelivered
        self.topic = topic
    }
}

/// Names a delivery to one consumer, and grows with each. Means nothing to another consumer.
public struct DeliveryTag: Hashable, Comparable, Sendable {
    let number: UInt64

    public static func < (left: DeliveryTag, right: DeliveryTag) -> Bool { left.number < right.number }
}
