public import NIOCore

/// The one way by which services talk: a client of a broker that has queues, logs and events.
///
/// * A **queue** hands each message to one consumer. What a consumer did not acknowledge comes again, in order and
///   at once, when that consumer is gone.
/// * A **log** keeps what was appended within its retention; any number of readers replay it, each at its own pace.
/// * An **event** is published under a topic and kept for each subscriber in a queue of its own.
///
/// Queues, logs and subscribers share one name space. Names are 1 to 255 bytes of UTF-8 and do not begin with `amq.`;
/// topics are words separated by dots, 1 to 255 bytes. Everything else is refused with ``BusError/invalidName(_:)``.
public protocol MessageBus: Sendable {
    // MARK: Queues

    /// Makes the queue unless it exists, and tells how it stands. Declaring it again renews ``QueueOptions/expires``.
    /// - Throws: ``BusError/declaredDifferently(_:)`` if it exists with other options, or is a log or a subscriber.
    @discardableResult
    func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus

    /// Removes the queue and its messages; its consumers end with ``BusError/noSuchQueue(_:)``.
    /// A queue that does not exist is no error. The queue of a subscriber is deleted by the subscriber's name.
    /// - Throws: ``BusError/exclusive(_:)`` for an exclusive subscriber, which goes with its subscription.
    func deleteQueue(_ name: String) async throws

    /// Hands the message over without waiting; callable from an event loop. Messages of one caller keep their order.
    /// - Throws: ``BusError/full(_:)``, ``BusError/noSuchQueue(_:)``, ``BusError/disconnected(_:)``,
    ///   ``BusError/shutDown``: this message was not taken. A broker reports some refusals later; these are thrown by
    ///   a following `send` to the same queue, so an error says as well that earlier ones may be lost.
    func send(_ payload: ByteBuffer, to queue: String) throws(BusError)

    /// Publishes the message and waits until the broker has it.
    /// - Throws: ``BusError/full(_:)`` or ``BusError/noSuchQueue(_:)`` if the broker does not take it. After
    ///   ``BusError/disconnected(_:)`` and `CancellationError` it may have it or not.
    func publish(_ payload: ByteBuffer, to queue: String) async throws

    /// Begins to consume.
    /// - Parameter prefetch: the number of messages that may be delivered and not acknowledged, 1 to 65 535.
    /// - Throws: ``BusError/noSuchQueue(_:)``, ``BusError/exclusive(_:)`` for the queue of an exclusive subscriber.
    func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer

    /// As ``send(_:to:)``, for a sender that keeps what it sent: nothing of it is submitted again after a loss, because
    /// the sender does so itself, all of it and in its order, when ``losses`` has changed.
    func sendKept(_ payload: ByteBuffer, to queue: String) throws(BusError)

    /// How often the broker may have lost messages of queues that it had taken: it keeps them in memory, so whenever it
    /// was away. `nil` where that cannot happen. Whoever has sent what must not be lost keeps the last of it, and sends
    /// that again when the number has changed.
    var losses: UInt64? { get }

    // MARK: Logs

    /// Makes the log unless it exists.
    /// - Throws: ``BusError/declaredDifferently(_:)`` if it exists with other options, or is a queue.
    func declareLog(_ name: String, _ options: LogOptions) async throws

    /// Removes the log; its readers end with ``BusError/noSuchLog(_:)``. A log that does not exist is no error. Not for
    /// the name of a queue, which some brokers cannot tell from a log.
    func deleteLog(_ name: String) async throws

    /// Appends the entry and waits until the broker has it.
    /// - Throws: ``BusError/noSuchLog(_:)``, ``BusError/full(_:)`` for an entry larger than the whole log may be. After
    ///   ``BusError/disconnected(_:)`` and `CancellationError` the log may have the entry or not.
    func append(_ payload: ByteBuffer, to log: String) async throws

    /// Begins to read.
    /// - Throws: ``BusError/noSuchLog(_:)``; ``BusError/otherLog(_:)``, here or from the first ``LogReader/next()``.
    func read(_ log: String, from start: LogStart) async throws -> any LogReader

    // MARK: Events

    /// Publishes the event to every subscriber one of whose topics matches, and waits until the broker has it.
    /// Without any such subscriber it is gone, which is no error.
    /// - Throws: ``BusError/full(_:)`` names a durable subscriber whose queue is full, or the topic where the broker
    ///   does not say whose; the others have the event.
    ///   Publish it again later: subscribers are idempotent.
    func publishEvent(topic: String, _ payload: ByteBuffer) async throws

    /// Publishes the event without waiting; callable from an event loop. For what a subscriber may miss.
    /// - Throws: as ``send(_:to:)``.
    func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError)

    /// Makes the subscriber's queue unless it exists, adds the topics to it and begins to consume.
    ///
    /// A durable subscriber gets what is published from the first `subscribe` on, also while it does not consume; its
    /// topics add up over all calls, until removed. An exclusive one exists as long as the subscription.
    /// - Parameter topics: AMQP topic patterns: `*` stands for one word, `#` for any number of words, none included.
    /// - Throws: ``BusError/declaredDifferently(_:)``; ``BusError/exclusive(_:)`` if an exclusive subscriber of this
    ///   name exists.
    func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription

    /// Closes all consumers and readers of this client, whose `next()` then returns `nil`, and disconnects. What they
    /// did not acknowledge until now comes again to consumers of other clients. Every later call throws ``BusError/shutDown``.
    func shutdown() async
}

extension MessageBus {
    public func sendKept(_ payload: ByteBuffer, to queue: String) throws(BusError) { try send(payload, to: queue) }

    /// Subscribes with the defaults of ``SubscriptionOptions``.
    public func subscribe(
        _ subscriber: String, topics: [String], exclusive: Bool
    ) async throws -> any EventSubscription {
        try await subscribe(subscriber, topics: topics, SubscriptionOptions(exclusive: exclusive))
    }
}
