import NIOCore

extension BrokerState {
    mutating func publishEvent(topic: String, _ payload: ByteBuffer, now: Duration) throws(BusError) {
        try BusValidation.checkTopic(topic)
        var refusing: String?
        for subscriber in router.subscribers(of: topic) {
            guard let dealt = queues[subscriber]?.state.publish(payload, topic: topic, now: now) else {
                refusing = subscriber
                continue
            }
            serve(dealt, from: subscriber)
        }
        if let refusing { throw .full(refusing) }
    }

    mutating func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions, client: ClientID, now: Duration
    ) throws(BusError) -> ConsumerID {
        try BusValidation.check(options)
        for topic in topics { try BusValidation.checkTopic(topic) }
        try declareSubscriber(subscriber, options, now: now)
        for topic in topics { router.add(topic, for: subscriber) }
        return register(on: subscriber, prefetch: options.prefetch, client: client, now: now)
    }

    mutating func addTopics(_ topics: [String], of consumer: ConsumerID) throws(BusError) {
        let subscriber = try openSubscriber(of: consumer)
        for topic in topics { try BusValidation.checkTopic(topic) }
        for topic in topics { router.add(topic, for: subscriber) }
    }

    mutating func removeTopics(_ topics: [String], of consumer: ConsumerID) throws(BusError) {
        let subscriber = try openSubscriber(of: consumer)
        for topic in topics { router.remove(topic, for: subscriber) }
    }

    /// A message that a queue has given up: kept for a durable subscriber, dropped for everything else and where the
    /// dead-letter queue is full or deleted.
    mutating func moveToDeadLetters(_ message: QueueMessage, from queue: String, now: Duration) {
        guard case .subscriber(let options) = queues[queue]?.declaration, !options.exclusive else { return }
        let deadLetters = SubscriptionOptions.deadLetterQueue(of: queue)
        guard let dealt = queues[deadLetters]?.state.publish(message.payload, topic: message.topic, now: now) else {
            return
        }
        serve(dealt, from: deadLetters)
    }

    private mutating func declareSubscriber(
        _ name: String, _ options: SubscriptionOptions, now: Duration
    ) throws(BusError) {
        try BusValidation.checkName(name)
        let deadLetters = SubscriptionOptions.deadLetterQueue(of: name)
        if !options.exclusive { try BusValidation.checkName(deadLetters) }
        var declared = options
        declared.prefetch = 0
        if let queue = queues[name] {
            guard !queue.isExclusive else { throw .exclusive(name) }
            guard queue.declaration == .subscriber(declared) else { throw .declaredDifferently(name) }
        }
        guard logs[name] == nil else { throw .declaredDifferently(name) }
        if !options.exclusive {
            let limits = QueueOptions(maximumBytes: options.maximumBytes, maximumMessages: options.maximumMessages)
            _ = try declareQueue(deadLetters, limits, now: now)
        }
        if queues[name] == nil {
            queues[name] = Queue(declaration: .subscriber(declared), state: QueueState(options), lastUsed: now)
        }
    }

    private func openSubscriber(of consumer: ConsumerID) throws(BusError) -> String {
        guard let record = consumers[consumer] else { throw .shutDown }
        if let end = record.end { throw end.error ?? .shutDown }
        return record.queue
    }
}

extension QueueState {
    init(_ options: SubscriptionOptions) {
        self.init(
            singleActiveConsumer: options.singleActiveConsumer, maximumBytes: options.maximumBytes,
            maximumMessages: options.maximumMessages, overflow: options.exclusive ? .dropOldest : .refuse,
            maximumRequeues: options.exclusive ? nil : options.maximumRequeues, messageTimeToLive: nil)
    }
}
