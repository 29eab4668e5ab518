public import NIOCore
import Synchronization

extension RabbitMQMessageBus {
    /// Events outlive a restart of the broker where the subscriber does; the topic travels in a property too, since
    /// dead-lettering replaces the routing key.
    public func publishEvent(topic: String, _ payload: ByteBuffer) async throws {
        try checkRunning()
        try BusValidation.checkTopic(topic)
        let answer = Answer<Void>()
        try publish(
            payload, to: .topic(topic), AMQPProperties(persistent: true, type: topic), concern: .answer(answer))
        try await answer.value()
    }

    public func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError) {
        try checkRunning()
        try BusValidation.checkTopic(topic)
        try publish(payload, to: .topic(topic), AMQPProperties(persistent: false, type: topic))
    }

    public func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        try checkRunning()
        try BusValidation.checkName(subscriber)
        try BusValidation.check(options)
        for topic in topics { try BusValidation.checkTopic(topic) }
        let owner = newOwner()
        if options.exclusive {
            try reserve(subscriber, for: owner)
        } else {
            try BusValidation.checkName(SubscriptionOptions.deadLetterQueue(of: subscriber))
            guard !isExclusive(subscriber) else { throw BusError.exclusive(subscriber) }
        }
        do {
            return try await open(subscriber, owner, topics: topics, options)
        } catch BusError.exclusive where options.exclusive {
            // The broker says the same whether an exclusive subscriber or something else has the name.
            _ = try await perform([.declareQueuePassively(subscriber)]) { end in
                end.error(missing: .exclusive(subscriber), locked: .exclusive(subscriber))
            }
            throw BusError.declaredDifferently(subscriber)
        }
    }

    func isExclusive(_ name: String) -> Bool {
        exclusiveNames.withLock { $0[name] != nil }
    }

    private func reserve(_ name: String, for owner: UInt64) throws(BusError) {
        let isFree = exclusiveNames.withLock { names in
            guard names[name] == nil else { return false }
            names[name] = owner
            return true
        }
        guard isFree else { throw .exclusive(name) }
    }

    private func open(
        _ subscriber: String, _ owner: UInt64, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        let queues = AMQPQueue.subscriber(subscriber, options)
        let requests: [AMQPRequest] =
            queues.map { .declareQueue($0) }
            + topics.map { .bind(queue: subscriber, exchange: DeclaredTopology.exchange, topic: $0) }
            + [.limitPrefetch(options.prefetch), .consume(queue: subscriber, arguments: [:])]
        let topology = topology
        do {
            let release: @Sendable () -> Void = { [weak self] in self?.release(subscriber, of: owner) }
            let result = try await consuming.perform(within: configuration.operationTimeout, failed: release) {
                [self] (session, answer: Answer<Result<RabbitMQConsumer, ChannelEndError>>) in
                let deliveries = ConsumerDeliveries(queue: subscriber)
                let channel = session.open { session, number in
                    ConsumerChannel(session, number: number, deliveries) { deleted in
                        if deleted { topology.forget(subscriber) }
                        release()
                    }
                }
                guard let channel else {
                    return answer.settle(.success(.failure(ChannelEndError(end: .refused(.noChannel)))))
                }
                session.own(channel, as: owner)
                channel.request(all: requests) { result in
                    if case .success = result, !options.exclusive { topology.add(subscriber, queues, topics: topics) }
                    answer.settle(
                        .success(
                            result.map { _ in
                                RabbitMQConsumer(
                                    self, self.consuming, id: owner, deliveries, isExclusive: options.exclusive)
                            }))
                }
            }
            return try result.mapError {
                $0.end.error(
                    missing: .noSuchQueue(subscriber), different: .declaredDifferently(subscriber),
                    locked: .exclusive(subscriber))
            }.get()
        } catch let error as BusError {
            // Nobody has it then. A cancelled call is different: its channel is closed as soon as it is open.
            self.release(subscriber, of: owner)
            throw error
        }
    }

    private func release(_ name: String, of owner: UInt64) {
        exclusiveNames.withLock { if $0[name] == owner { $0[name] = nil } }
    }
}
