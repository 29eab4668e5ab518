public import Events
public import Logging
public import MessageBus
import NIOCore
import Synchronization

/// Publishes what the outbox holds, oldest first, and marks it as published once the bus has confirmed it.
///
/// An event may be published twice, by a relay that ended between the two or by two processes at once, but the first
/// copies of an aggregate's events come in their order: each relay begins at the oldest unpublished one, and holds
/// back the rest of an aggregate of which one failed. Consumers drop the second copy by its id.
public final class OutboxRelay: Sendable {
    /// How often the relay looks without being poked or notified: rows may come from another process.
    public static let interval = Duration.milliseconds(250)
    /// How long published events are kept.
    public static let retention = Duration.seconds(7 * 24 * 3600)

    private static let batchCount = 100
    private static let longestPause = Duration.seconds(5)

    private let database: any Database
    private let bus: any MessageBus
    private let logger: Logger
    private let now: WallClock
    private let waker = Mutex<AsyncStream<Void>.Continuation?>(nil)

    public init(
        database: any Database, bus: any MessageBus, logger: Logger, now: @escaping WallClock = Timestamp.systemClock
    ) {
        self.database = database
        self.bus = bus
        self.logger = logger
        self.now = now
    }

    /// Has the relay look at once. To be called after a transaction that wrote to the outbox.
    public func poke() {
        _ = waker.withLock { $0 }?.yield()
    }

    /// Relays until cancelled, then returns.
    public func run() async throws {
        let (wakes, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        waker.withLock { $0 = continuation }
        defer { waker.withLock { $0 = nil } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    continuation.yield()
                    try? await Task.sleep(for: Self.interval)
                }
                continuation.finish()
            }
            if let notifications = database.notifications(Outbox.channel) {
                group.addTask { for await _ in notifications { continuation.yield() } }
            }
            try await self.relay(on: wakes)
            group.cancelAll()
        }
    }

    private func relay(on wakes: AsyncStream<Void>) async throws {
        var pause = Self.interval
        var nextPruning = ContinuousClock.now
        for await _ in wakes {
            do {
                while try await relayBatch() == Self.batchCount {}
                pause = Self.interval
                if ContinuousClock.now >= nextPruning {
                    try await prune()
                    nextPruning = .now.advanced(by: .seconds(3600))
                }
            } catch {
                if Task.isCancelled { return }
                logger.log(
                    level: .ofTry(error), "outbox not relayed",
                    metadata: ["error": "\(error)", "retry.after": "\(pause)"])
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Publishes the oldest events that wait, at most 100.
    /// - Returns: how many were published.
    /// - Throws: what the database or the bus threw; the events that the bus had confirmed before are marked.
    @discardableResult
    public func relayBatch() async throws -> Int {
        let pending = try await database.read { try PendingEvent.first(Self.batchCount, in: $0) }
        var published: [Int64] = []
        var held: Set<String> = []
        var failure: (any Error)?
        for event in pending where !held.contains(event.aggregate) {
            do {
                try await bus.publishEvent(topic: event.topic, ByteBuffer(bytes: event.envelope))
                published.append(event.position)
            } catch {
                failure = error
                held.insert(event.aggregate)
                // What one event meets, a full queue say, another may pass; what two meet is the bus itself.
                if held.count > 1 { break }
            }
        }
        try await mark(published)
        if let failure { throw failure }
        return published.count
    }

    private func mark(_ positions: [Int64]) async throws {
        guard !positions.isEmpty else { return }
        let publishedAt = SQLValue.integer(now().milliseconds)
        try await database.transaction { connection in
            for position in positions {
                try connection.execute(
                    "UPDATE outbox SET published_at = ? WHERE position = ?", [publishedAt, .integer(position)])
            }
        }
    }

    /// Removes events that were published longer than ``retention`` ago.
    public func prune() async throws {
        let limit = now().advanced(by: .zero - Self.retention)
        try await database.transaction { connection in
            try connection.execute("DELETE FROM outbox WHERE published_at < ?", [.integer(limit.milliseconds)])
        }
    }
}
