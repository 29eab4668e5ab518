/// A consumer of the in-process broker. Holds its client, which lives as long as any of its consumers and readers.
final class InProcessConsumer: EventSubscription {
    private let client: InProcessMessageBus
    private let id: ConsumerID
    private var broker: InProcessBroker { client.broker }

    init(client: InProcessMessageBus, id: ConsumerID) {
        self.client = client
        self.id = id
    }

    deinit {
        broker.perform { state, now in
            state.end([id], now: now)
            state.consumers[id] = nil
        }
    }

    nonisolated(nonsending) func next() async throws -> Delivery? {
        let id = id
        return try await broker.next { state in
            state.next(of: id)
        } add: { state, waiter, continuation in
            state.consumers[id]?.waiters.add(waiter, continuation)
        } remove: { state, waiter in
            state.consumers[id]?.waiters.remove(waiter)
        }
    }

    var waitingCount: Int {
        broker.perform { state, _ in state.waitingCount(of: id) }
    }

    func acknowledge(_ tag: DeliveryTag) {
        broker.perform { state, now in state.acknowledge(tag, through: false, by: id, now: now) }
    }

    func acknowledge(through tag: DeliveryTag) {
        broker.perform { state, now in state.acknowledge(tag, through: true, by: id, now: now) }
    }

    func reject(_ tag: DeliveryTag, requeue: Bool) {
        broker.perform { state, now in state.reject(tag, requeue: requeue, by: id, now: now) }
    }

    func close() async {
        broker.perform { state, now in state.end([id], now: now) }
    }

    func addTopics(_ topics: [String]) async throws {
        try broker.perform { state, _ throws(BusError) in try state.addTopics(topics, of: id) }
    }

    func removeTopics(_ topics: [String]) async throws {
        try broker.perform { state, _ throws(BusError) in try state.removeTopics(topics, of: id) }
    }
}
