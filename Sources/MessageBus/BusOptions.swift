/// What a queue is. All of it must agree when the queue is declared again.
///
/// There is no way to lose the oldest message for a newer one: a full queue refuses what is published.
public struct QueueOptions: Hashable, Sendable {
    /// One consumer gets everything; when it is gone, the one that has waited longest takes over. Otherwise messages
    /// are dealt to the consumers in turn.
    public var singleActiveConsumer: Bool
    /// How long after its publication a message may still be delivered. Also what a lost consumer had not acknowledged
    /// is dropped when it is older. More than zero, in whole milliseconds.
    public var messageTimeToLive: Duration?
    /// The queue is removed, with its messages, when it had no consumer and was not declared for this long.
    /// More than zero, in whole milliseconds.
    public var expires: Duration?
    /// Bound of the payloads that wait for delivery. Delivered ones do not count, and requeued ones are always taken.
    public var maximumBytes: Int
    /// Bound of the number of messages that wait for delivery, counted likewise.
    public var maximumMessages: Int

    public init(
        singleActiveConsumer: Bool = false,
        messageTimeToLive: Duration? = nil,
        expires: Duration? = nil,
        maximumBytes: Int = 16 << 20,
        maximumMessages: Int = 10_000
    ) {
        self.singleActiveConsumer = singleActiveConsumer
        self.messageTimeToLive = messageTimeToLive
        self.expires = expires
        self.maximumBytes = maximumBytes
        self.maximumMessages = maximumMessages
    }
}

/// How a queue stood when it was declared.
public struct QueueStatus: Hashable, Sendable {
    /// Messages that wait for delivery; delivered and unacknowledged ones are not counted.
    public let readyMessages: Int
    /// Consumers, active or waiting to take over.
    public let consumers: Int

    init(readyMessages: Int, consumers: Int) {
        self.readyMessages = readyMessages
        self.consumers = consumers
    }
}

/// What a log keeps. All of it must agree when the log is declared again.
///
/// Brokers drop whole files, so a log may keep up to a quarter less than `maximumBytes`, and a little more for a moment.
public struct LogOptions: Hashable, Sendable {
    /// Older entries go as soon as the log would be larger.
    public var maximumBytes: Int
    /// Entries younger than this stay while `maximumBytes` allows; older ones may go whenever something is appended.
    /// At least a second, in whole seconds.
    public var minimumAge: Duration

    public init(maximumBytes: Int, minimumAge: Duration) {
        self.maximumBytes = maximumBytes
        self.minimumAge = minimumAge
    }
}

/// What the queue of a subscriber is. All but `prefetch` must agree at each subscription.
public struct SubscriptionOptions: Hashable, Sendable {
    /// Whether the queue belongs to this one subscription, and goes with it. When it is full it drops its oldest
    /// events rather than holding up publishers. Otherwise it is durable: a full one refuses events.
    public var exclusive: Bool
    /// One of several processes of a service gets all events, so that their order is kept; another takes over when it
    /// is gone. Otherwise they compete.
    public var singleActiveConsumer: Bool
    /// The number of events that may be delivered and not acknowledged, 1 to 65 535.
    public var prefetch: Int
    /// How often an event may be rejected with requeue; the next rejection moves it to the dead-letter queue. The loss
    /// of a consumer may count as a rejection. Exclusive subscribers have no dead-letter queue.
    public var maximumRequeues: Int
    /// Bound of the payloads that wait for delivery, also in the dead-letter queue, which drops what exceeds it.
    public var maximumBytes: Int
    /// Bound of the number of events that wait for delivery, likewise. A broker may let the queue of a durable
    /// subscriber exceed either bound by one event, and may take events again only when it is a fifth below.
    public var maximumMessages: Int

    public init(
        exclusive: Bool = false,
        singleActiveConsumer: Bool = true,
        prefetch: Int = 64,
        maximumRequeues: Int = 5,
        maximumBytes: Int = 64 << 20,
        maximumMessages: Int = 100_000
    ) {
        self.exclusive = exclusive
        self.singleActiveConsumer = singleActiveConsumer
        self.prefetch = prefetch
        self.maximumRequeues = maximumRequeues
        self.maximumBytes = maximumBytes
        self.maximumMessages = maximumMessages
    }

    /// The queue to which events of a durable subscriber go that were rejected for good. It exists from the first
    /// subscription on and is consumed like any other.
    public static func deadLetterQueue(of subscriber: String) -> String { subscriber + ".dead" }
}
