/// Queues, logs and subscribers as RabbitMQ takes them. All arguments must agree when one is declared again.
extension AMQPQueue {
    /// A classic queue. Durable, since RabbitMQ has no other that outlive their connection; its messages are transient.
    ///
    /// What would destroy the failover buffer is not here: no dropping from the head, no auto-delete, not exclusive.
    init(_ name: String, _ options: QueueOptions) {
        self.init(name: name)
        arguments = [
            "x-max-length": .number(Int64(options.maximumMessages)),
            "x-max-length-bytes": .number(Int64(options.maximumBytes)),
            "x-overflow": .text("reject-publish"),
        ]
        if options.singleActiveConsumer { arguments["x-single-active-consumer"] = .flag(true) }
        if let time = options.messageTimeToLive { arguments["x-message-ttl"] = .number(time.wholeMilliseconds) }
        if let time = options.expires { arguments["x-expires"] = .number(time.wholeMilliseconds) }
    }

    /// A stream. RabbitMQ drops whole segment files, and looks only when it begins a new one, which then grows by a
    /// segment more: so it is given an eighth less than the log may have, in segments of an eighth. The log keeps
    /// between three quarters and all of `maximumBytes`.
    init(_ name: String, _ options: LogOptions) {
        self.init(name: name)
        let segment = max(1, options.maximumBytes / 8)
        arguments = [
            "x-queue-type": .text("stream"),
            "x-max-length-bytes": .number(Int64(max(1, options.maximumBytes - segment))),
            "x-stream-max-segment-size-bytes": .number(Int64(segment)),
            "x-max-age": .text("\(options.minimumAge.components.seconds)s"),
        ]
    }

    /// The queue of a subscriber.
    ///
    /// A durable one is a quorum queue, also on a single broker: only these count how often a message was delivered,
    /// and count on when the process that it kills is gone, so that a poisonous event ends in the dead-letter queue
    /// instead of killing one process after the other. Measured: `x-delivery-limit` 3 delivers four times, in place and
    /// in order. Given up: the limits are soft (one event more is taken, and then none until a fifth is free).
    init(subscriber name: String, _ options: SubscriptionOptions) {
        self.init(name: name)
        arguments = [
            "x-max-length": .number(Int64(options.maximumMessages)),
            "x-max-length-bytes": .number(Int64(options.maximumBytes)),
        ]
        if options.exclusive {
            durable = false
            exclusive = true
            autoDelete = true
            arguments["x-overflow"] = .text("drop-head")
            return
        }
        arguments["x-queue-type"] = .text("quorum")
        arguments["x-overflow"] = .text("reject-publish")
        arguments["x-delivery-limit"] = .number(Int64(options.maximumRequeues))
        arguments["x-dead-letter-exchange"] = .text("")
        arguments["x-dead-letter-routing-key"] = .text(SubscriptionOptions.deadLetterQueue(of: name))
        if options.singleActiveConsumer { arguments["x-single-active-consumer"] = .flag(true) }
    }

    /// All queues of a subscriber.
    static func subscriber(_ name: String, _ options: SubscriptionOptions) -> [AMQPQueue] {
        let queue = AMQPQueue(subscriber: name, options)
        guard !options.exclusive else { return [queue] }
        let limits = QueueOptions(maximumBytes: options.maximumBytes, maximumMessages: options.maximumMessages)
        return [queue, AMQPQueue(SubscriptionOptions.deadLetterQueue(of: name), limits)]
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
