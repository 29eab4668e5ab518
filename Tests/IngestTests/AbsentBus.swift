import MessageBus
import NIOCore
import Synchronization

/// A bus whose broker can be away, and loses what its queues held when it is.
final class AbsentBus: MessageBus {
    let bus = InProcessMessageBus()
    private let state = Mutex((isAway: false, losses: UInt64(0)))

    var losses: UInt64? { state.withLock { $0.losses } }

    func goAway() { state.withLock { $0 = (true, $0.losses + 1) } }
    func comeBack() { state.withLock { $0.isAway = false } }

    private func reach() throws(BusError) {
        guard !state.withLock({ $0.isAway }) else { throw BusError.disconnected("the test has it so") }
    }

    func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus {
        try reach()
        return try await bus.declareQueue(name, options)
    }
    func deleteQueue(_ name: String) async throws {
        try reach()
        try await bus.deleteQueue(name)
    }
    func send(_ payload: ByteBuffer, to queue: String) throws(BusError) {
        try reach()
        try bus.send(payload, to: queue)
    }
    func publish(_ payload: ByteBuffer, to queue: String) async throws {
        try reach()
        try await bus.publish(payload, to: queue)
    }
    func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer {
        try reach()
        return try await bus.consume(queue, prefetch: prefetch)
    }
    func declareLog(_ name: String, _ options: LogOptions) async throws {
        try reach()
        try await bus.declareLog(name, options)
    }
    func deleteLog(_ name: String) async throws {
        try reach()
        try await bus.deleteLog(name)
    }
    func append(_ payload: ByteBuffer, to log: String) async throws {
        try reach()
        try await bus.append(payload, to: log)
    }
    func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        try reach()
        return try await bus.read(log, from: start)
    }
    func publishEvent(topic: String, _ payload: ByteBuffer) async throws {
        try reach()
        try await bus.publishEvent(topic: topic, payload)
    }
    func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError) {
        try reach()
        try bus.sendEvent(topic: topic, payload)
    }
    func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        try reach()
        return try await bus.subscribe(subscriber, topics: topics, options)
    }
    func shutdown() async { await bus.shutdown() }
}
