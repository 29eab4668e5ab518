import MessageBus
import NIOCore
import Persistence

/// Burns through after some number of steps. From then on nothing that hangs on it works, as in a killed process.
final class Fuse: Sendable {
    private let remaining: Mutexed<Int>
    private let burnt = Mutexed(false)

    /// - Parameter steps: how many steps are taken before the process is dead; `nil` for one that lives.
    init(steps: Int?) {
        remaining = Mutexed(steps ?? .max)
    }

    /// Whether a step was refused.
    var isBurnt: Bool { burnt.value }

    /// - Throws: `CancellationError`, at which everything ends without any further effect.
    func step() throws {
        let alive = remaining.change { remaining in
            guard remaining > 0 else { return false }
            remaining -= 1
            return true
        }
        guard alive else {
            burnt.value = true
            throw CancellationError()
        }
    }
}

/// A database that dies before or after any read and any commit.
struct FusedDatabase: Database {
    let database: any Database
    let fuse: Fuse

    var dialect: SQLDialect { database.dialect }

    func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try fuse.step()
        let value = try await database.read(body)
        try fuse.step()
        return value
    }

    func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try fuse.step()
        let value = try await database.transaction(body)
        try fuse.step()
        return value
    }

    func close() async throws { try await database.close() }
}

/// A bus of which `refuses` events, and that dies before or after any publication.
struct FusedBus: MessageBus {
    let bus: any MessageBus
    var fuse = Fuse(steps: nil)
    var refuses: @Sendable (ByteBuffer) -> Bool = { _ in false }

    func publishEvent(topic: String, _ payload: ByteBuffer) async throws {
        try fuse.step()
        if refuses(payload) { throw BusError.full("subscriber") }
        try await bus.publishEvent(topic: topic, payload)
        try fuse.step()
    }

    func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus {
        try await bus.declareQueue(name, options)
    }
    var losses: UInt64? { bus.losses }
    func deleteQueue(_ name: String) async throws { try await bus.deleteQueue(name) }
    func send(_ payload: ByteBuffer, to queue: String) throws(BusError) { try bus.send(payload, to: queue) }
    func publish(_ payload: ByteBuffer, to queue: String) async throws { try await bus.publish(payload, to: queue) }
    func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer {
        try await bus.consume(queue, prefetch: prefetch)
    }
    func declareLog(_ name: String, _ options: LogOptions) async throws { try await bus.declareLog(name, options) }
    func deleteLog(_ name: String) async throws { try await bus.deleteLog(name) }
    func append(_ payload: ByteBuffer, to log: String) async throws { try await bus.append(payload, to: log) }
    func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        try await bus.read(log, from: start)
    }
    func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError) {
        try bus.sendEvent(topic: topic, payload)
    }
    func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        try await bus.subscribe(subscriber, topics: topics, options)
    }
    func shutdown() async { await bus.shutdown() }
}
