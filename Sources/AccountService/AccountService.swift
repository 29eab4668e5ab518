public import Events
public import Logging
public import MessageBus
public import Persistence
import Synchronization

/// Profiles, channels, stream keys, and what is live: data and rules. ``AccountAPI`` puts them into documents.
///
/// Everything that other services must know is written to the outbox in the transaction of the change. Until
/// ``run()`` relays it, another process of this service on the same database may do so: a command that was typed
/// beside a running server needs no more than ``prepare()`` and the operation.
public final class AccountService: Sendable {
    /// The name of this service in ``ReplayRequested`` and of its durable subscriber.
    public static let name = "accounts"

    let database: any Database
    let listeners: ListenerCounting
    let audience = Mutex(0)
    let waiting = WaitingStreams()

    private let bus: any MessageBus
    private let logger: Logger
    private let now: WallClock
    private let relay: OutboxRelay
    private let consumer: EventConsumer

    public init(
        database: any Database, bus: any MessageBus, logger: Logger, now: @escaping WallClock = Timestamp.systemClock
    ) {
        self.database = database
        self.bus = bus
        self.logger = logger
        self.now = now
        listeners = ListenerCounting(bus: bus, logger: logger, now: now)
        relay = OutboxRelay(database: database, bus: bus, logger: logger, now: now)
        consumer = EventConsumer(
            subscriber: Self.name, types: StreamProjection.types + [.replayRequested],
            replayedBy: ["ingest", "transcoder"],
            database: database, bus: bus, logger: logger, now: now)
    }

    /// Brings the database up to date. Needed before any operation; does nothing the second time.
    public func prepare() async throws {
        try await database.migrate([Outbox.schema, Inbox.schema, AccountSchema.schema])
        listeners.use(try await database.transaction { try PlayerSessions.stored(in: $0) })
    }

    /// Listeners of all channels that are on the air, as of the last 5 s; every process of the service knows them all.
    public var listenerCount: Int { audience.withLock { $0 } }

    /// Makes this service a subscriber, so that what others publish from now on is kept for it. In one process with
    /// others, to be called on all of them before any is run.
    public func subscribe() async throws {
        try await consumer.declare()
    }

    /// Relays and consumes until cancelled, then returns.
    public func run() async throws {
        try await prepare()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.relay.run() }
            group.addTask { try await self.consume() }
            group.addTask { try await self.followReports() }
            group.addTask { await self.listeners.runReports() }
            group.addTask { await self.followAudience() }
            group.addTask { await self.keepHouse() }
            // What returns before it is cancelled has lost the bus for good; the others are to end with it.
            _ = try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// One transaction of this service, after which the relay looks at once.
    func write<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection, Timestamp) throws -> T
    ) async throws -> T {
        let now = now()
        let value = try await database.transaction { try body($0, now) }
        relay.poke()
        return value
    }

    private func consume() async throws {
        try await consumer.run { [now] event, _, connection in
            if case .replayRequested(let request) = event {
                guard request.owner == Self.name else { return }
                try Self.replay(at: now(), in: connection)
            } else {
                try StreamProjection.apply(event, to: connection)
            }
        }
    }

    /// Every process hears all reports, its own too, by a subscription of its own that ends with it.
    private func followReports() async throws {
        try await bus.followEvents(
            as: listeners.process, types: [.listenersCounted, .encodersAway], logger: logger
        ) { event in
            switch event {
            case .listenersCounted(let counted):
                self.listeners.told(counted)
                self.waiting.heard()
            case .encodersAway(let away): self.waiting.told(away)
            default: break
            }
        }
    }

    /// Once an hour forgets what has been over for 30 days.
    private func keepHouse() async {
        while !Task.isCancelled {
            do {
                let now = now()
                try await database.transaction { connection in
                    try Inbox.prune(at: now, in: connection)
                    try StreamKeyRow.deleteEnded(before: now.advanced(by: .zero - Inbox.retention), in: connection)
                }
            } catch {
                if Task.isCancelled { return }
                logger.log(level: .ofTry(error), "old rows not pruned", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(3600))
        }
    }
}
