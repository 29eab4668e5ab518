import NIOCore

extension BrokerState {
    private static let expirySweepInterval = Duration.seconds(1)

    mutating func declareQueue(_ name: String, _ options: QueueOptions, now: Duration) throws(BusError) -> QueueStatus {
        try BusValidation.checkName(name)
        try BusValidation.check(options)
        dropExpiredQueues(now: now)
        dropIfExpired(name, now: now)
        if queues[name] == nil {
            guard logs[name] == nil else { throw .declaredDifferently(name) }
            queues[name] = Queue(declaration: .queue(options), state: QueueState(options), lastUsed: now)
        }
        guard queues[name]?.declaration == .queue(options) else { throw .declaredDifferently(name) }
        queues[name]?.lastUsed = now
        return QueueStatus(
            readyMessages: queues[name]?.state.readyCount(now: now) ?? 0,
            consumers: queues[name]?.state.consumerCount ?? 0)
    }

    mutating func deleteQueue(_ name: String) {
        guard let queue = queues.removeValue(forKey: name) else { return }
        router.removeAll(for: name)
        for consumer in queue.state.consumerIDs { markEnded(consumer, .noSuchQueue(name)) }
    }

    mutating func publish(_ payload: ByteBuffer, to queue: String, now: Duration) throws(BusError) {
        dropIfExpired(queue, now: now)
        guard queues[queue] != nil else { throw .noSuchQueue(queue) }
        guard let dealt = queues[queue]?.state.publish(payload, topic: nil, now: now) else { throw .full(queue) }
        serve(dealt, from: queue)
    }

    mutating func consume(
        _ queue: String, prefetch: Int, client: ClientID, now: Duration
    ) throws(BusError) -> ConsumerID {
        try BusValidation.checkPrefetch(prefetch)
        dropIfExpired(queue, now: now)
        guard let isExclusive = queues[queue]?.isExclusive else { throw .noSuchQueue(queue) }
        guard !isExclusive else { throw .exclusive(queue) }
        return register(on: queue, prefetch: prefetch, client: client, now: now)
    }

    mutating func register(on queue: String, prefetch: Int, client: ClientID, now: Duration) -> ConsumerID {
        let id = ConsumerID(number: newNumber())
        consumers[id] = Consumer(queue: queue, client: client)
        // Nobody waits at the new consumer yet, but to others nothing changes.
        _ = queues[queue]?.state.register(id, prefetch: prefetch, now: now)
        return id
    }

    // MARK: One consumer

    /// What the consumer has at hand.
    mutating func next(of consumer: ConsumerID) -> Next<Delivery> {
        guard let record = consumers[consumer] else { return .ended(nil) }
        if let end = record.end { return .ended(end.error) }
        if let delivery = queues[record.queue]?.state.take(consumer) { return .element(delivery) }
        return .wait(WaiterID(number: newNumber()))
    }

    func waitingCount(of consumer: ConsumerID) -> Int {
        guard let record = consumers[consumer], record.end == nil else { return 0 }
        return queues[record.queue]?.state.waitingCount(of: consumer) ?? 0
    }

    mutating func acknowledge(_ tag: DeliveryTag, through: Bool, by consumer: ConsumerID, now: Duration) {
        guard let queue = openQueue(of: consumer) else { return }
        let dealt =
            through
            ? queues[queue]?.state.acknowledge(through: tag, by: consumer, now: now)
            : queues[queue]?.state.acknowledge(tag, by: consumer, now: now)
        serve(dealt ?? [], from: queue)
    }

    mutating func reject(_ tag: DeliveryTag, requeue: Bool, by consumer: ConsumerID, now: Duration) {
        guard let queue = openQueue(of: consumer),
            let outcome = queues[queue]?.state.reject(tag, by: consumer, requeue: requeue, now: now)
        else { return }
        serve(outcome.dealt, from: queue)
        if let message = outcome.givenUp { moveToDeadLetters(message, from: queue, now: now) }
    }

    /// Ends consumers by this side's doing, together: none of them gets what another gives back.
    mutating func end(_ ending: [ConsumerID], now: Duration) {
        for (name, group) in Dictionary(grouping: ending, by: { consumers[$0]?.queue }) {
            for consumer in group { markEnded(consumer, nil) }
            guard let name else { continue }
            if queues[name]?.isExclusive == true {
                deleteQueue(name)
                continue
            }
            let dealt = queues[name]?.state.remove(Set(group), now: now) ?? []
            queues[name]?.lastUsed = now
            serve(dealt, from: name)
        }
    }

    /// Answers those who wait at consumers that have something to take.
    mutating func serve(_ dealt: [ConsumerID], from queue: String) {
        for consumer in dealt {
            while consumers[consumer]?.waiters.isEmpty == false,
                let delivery = queues[queue]?.state.take(consumer),
                let continuation = consumers[consumer]?.waiters.removeFirst()
            {
                wakes.append(.delivery(continuation, .success(delivery)))
            }
        }
    }

    /// The record stays until its owner lets go of it, so that it still learns why.
    private mutating func markEnded(_ consumer: ConsumerID, _ error: BusError?) {
        guard let record = consumers[consumer], record.end == nil else { return }
        consumers[consumer]?.end = End(error: error)
        for continuation in consumers[consumer]?.waiters.removeAll() ?? [] {
            wakes.append(.delivery(continuation, error.map { .failure($0) } ?? .success(nil)))
        }
    }

    private func openQueue(of consumer: ConsumerID) -> String? {
        guard let record = consumers[consumer], record.end == nil else { return nil }
        return record.queue
    }

    // MARK: Expiry

    /// Queues expire when somebody looks; this is for those at which nobody ever looks again.
    private mutating func dropExpiredQueues(now: Duration) {
        guard now >= nextExpirySweep else { return }
        nextExpirySweep = now + Self.expirySweepInterval
        for name in queues.keys { dropIfExpired(name, now: now) }
    }

    private mutating func dropIfExpired(_ name: String, now: Duration) {
        if queues[name]?.hasExpired(now: now) == true { deleteQueue(name) }
    }
}

extension QueueState {
    init(_ options: QueueOptions) {
        self.init(
            singleActiveConsumer: options.singleActiveConsumer, maximumBytes: options.maximumBytes,
            maximumMessages: options.maximumMessages, overflow: .refuse, maximumRequeues: nil,
            messageTimeToLive: options.messageTimeToLive)
    }
}
