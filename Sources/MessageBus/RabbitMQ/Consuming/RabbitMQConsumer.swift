import Synchronization

/// A consumer of a RabbitMQ queue. Holds its client, which lives as long as any of its consumers and readers.
final class RabbitMQConsumer: EventSubscription {
    private let bus: RabbitMQMessageBus
    private let connection: BusConnection
    private let id: UInt64
    private let deliveries: ConsumerDeliveries
    /// The queue goes with the consumer.
    private let isExclusive: Bool

    init(
        _ bus: RabbitMQMessageBus, _ connection: BusConnection, id: UInt64, _ deliveries: ConsumerDeliveries,
        isExclusive: Bool = false
    ) {
        self.bus = bus
        self.connection = connection
        self.id = id
        self.deliveries = deliveries
        self.isExclusive = isExclusive
    }

    deinit {
        connection.post(closing {})
    }

    nonisolated(nonsending) func next() async throws -> Delivery? {
        try await deliveries.mailbox.next()
    }

    var waitingCount: Int { deliveries.mailbox.count }

    func acknowledge(_ tag: DeliveryTag) {
        guard deliveries.unsettled.withLock({ $0.settle(tag.number) }) else { return }
        settle(.acknowledge(tag.number, multiple: false))
    }

    func acknowledge(through tag: DeliveryTag) {
        guard let last = deliveries.unsettled.withLock({ $0.settle(through: tag.number) }) else { return }
        settle(.acknowledge(last, multiple: true))
    }

    func reject(_ tag: DeliveryTag, requeue: Bool) {
        guard deliveries.unsettled.withLock({ $0.settle(tag.number) }) else { return }
        settle(.reject(tag.number, requeue: requeue))
    }

    func close() async {
        guard deliveries.mailbox.finish(nil) else { return }
        let answer = Answer<Void>()
        connection.post(closing { answer.settle(.success(())) })
        _ = try? await answer.valueDespiteCancellation()
    }

    func addTopics(_ topics: [String]) async throws {
        for topic in topics { try BusValidation.checkTopic(topic) }
        try await request(
            topics.map { .bind(queue: deliveries.queue, exchange: DeclaredTopology.exchange, topic: $0) })
        bus.topology.add(topics, to: deliveries.queue)
    }

    func removeTopics(_ topics: [String]) async throws {
        // What no queue can be bound by is bound to none.
        let topics = topics.filter { $0.utf8.count <= BusValidation.maximumNameBytes }
        try await request(
            topics.map { .unbind(queue: deliveries.queue, exchange: DeclaredTopology.exchange, topic: $0) })
        bus.topology.remove(topics, from: deliveries.queue)
    }

    /// Requests something on the channel of the consumer, which owns the queue if that is exclusive.
    private func request(_ requests: [AMQPRequest]) async throws {
        if let end = deliveries.mailbox.end { throw end ?? .shutDown }
        guard !requests.isEmpty else { return }
        let id = id
        let result = try await connection.perform(within: bus.configuration.operationTimeout) {
            (session, answer: Answer<Result<Void, ChannelEndError>>) in
            guard let channel = session.channel(of: id, as: ConsumerChannel.self) else {
                return answer.settle(.success(.failure(ChannelEndError(end: .closed))))
            }
            channel.request(all: requests) { result in answer.settle(.success(result.map { _ in () })) }
        }
        if case .failure(let failure) = result {
            throw (deliveries.mailbox.end ?? nil) ?? failure.end.error(missing: .noSuchQueue(deliveries.queue))
        }
    }

    /// Nothing is sent for a consumer that has ended; what it was handed comes again to another.
    private func settle(_ request: AMQPRequest) {
        let id = id
        connection.post { session in session.channel(of: id, as: ConsumerChannel.self)?.request(request) }
    }

    private func closing(_ completion: @escaping @Sendable () -> Void) -> ConnectionCommand {
        let (id, queue, isExclusive) = (id, deliveries.queue, isExclusive)
        return ConnectionCommand(deadline: nil) { session in
            guard let channel = session.channel(of: id, as: ConsumerChannel.self) else { return completion() }
            session.disown(id)
            // Gone at once, rather than when the broker gets round to it: its name may be wanted again.
            if isExclusive { channel.request(.deleteQueue(queue)) }
            session.close(channel, completion)
        } fail: { _ in
            completion()
        }
    }
}
