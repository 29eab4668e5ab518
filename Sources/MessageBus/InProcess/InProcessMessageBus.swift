public import NIOCore

/// A ``MessageBus`` whose broker lives in this process, and whose messages live as long as the process.
///
/// One value is one client. Further clients of the same broker come from ``connect()``; shutting one of them down is
/// to the others what the death of a process is to the clients of a real broker.
public final class InProcessMessageBus: MessageBus {
    let broker: InProcessBroker
    private let id: ClientID

    /// A client of a new broker.
    /// - Parameter now: the time since any fixed point, from a clock that never goes back.
    public convenience init(now: @escaping @Sendable () -> Duration) {
        self.init(broker: InProcessBroker(now: now))
    }

    /// A client of a new broker, on the continuous clock.
    public convenience init() {
        let start = ContinuousClock.now
        self.init(now: { ContinuousClock.now - start })
    }

    private init(broker: InProcessBroker) {
        self.broker = broker
        id = broker.perform { state, _ in state.connect() }
    }

    deinit {
        broker.perform { state, now in state.disconnect(id, now: now) }
    }

    /// Another client of the same broker.
    public func connect() -> InProcessMessageBus {
        InProcessMessageBus(broker: broker)
    }

    @discardableResult
    public func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus {
        try perform { state, now throws(BusError) in try state.declareQueue(name, options, now: now) }
    }

    public func deleteQueue(_ name: String) async throws {
        try perform { state, _ throws(BusError) in
            if state.queues[name]?.isExclusive == true { throw .exclusive(name) }
            state.deleteQueue(name)
        }
    }

    public func send(_ payload: ByteBuffer, to queue: String) throws(BusError) {
        try perform { state, now throws(BusError) in try state.publish(payload, to: queue, now: now) }
    }

    public func publish(_ payload: ByteBuffer, to queue: String) async throws {
        try send(payload, to: queue)
    }

    public func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer {
        let consumer = try perform { state, now throws(BusError) in
            try state.consume(queue, prefetch: prefetch, client: id, now: now)
        }
        return InProcessConsumer(client: self, id: consumer)
    }

    /// What is lost here is lost with the process.
    public var losses: UInt64? { nil }

    public func declareLog(_ name: String, _ options: LogOptions) async throws {
        try perform { state, _ throws(BusError) in try state.declareLog(name, options) }
    }

    public func deleteLog(_ name: String) async throws {
        try perform { state, _ in state.deleteLog(name) }
    }

    public func append(_ payload: ByteBuffer, to log: String) async throws {
        try perform { state, now throws(BusError) in try state.append(payload, to: log, now: now) }
    }

    public func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        let reader = try perform { state, _ throws(BusError) in try state.read(log, from: start, client: id) }
        return InProcessReader(client: self, id: reader)
    }

    public func publishEvent(topic: String, _ payload: ByteBuffer) async throws {
        try sendEvent(topic: topic, payload)
    }

    public func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError) {
        try perform { state, now throws(BusError) in try state.publishEvent(topic: topic, payload, now: now) }
    }

    public func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        let consumer = try perform { state, now throws(BusError) in
            try state.subscribe(subscriber, topics: topics, options, client: id, now: now)
        }
        return InProcessConsumer(client: self, id: consumer)
    }

    public func shutdown() async {
        broker.perform { state, now in state.disconnect(id, now: now) }
    }

    private func perform<Success: Sendable>(
        _ operation: (inout BrokerState, Duration) throws(BusError) -> Success
    ) throws(BusError) -> Success {
        try broker.perform { state, now throws(BusError) in
            try state.check(id)
            return try operation(&state, now)
        }
    }
}
