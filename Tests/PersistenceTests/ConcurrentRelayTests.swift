import DatabaseTesting
import Events
import Logging
import MessageBus
import NIOCore
import Persistence
import Testing

/// Several processes of one service write and relay at the same time.
@Suite(.timeLimit(.minutes(20)))
struct ConcurrentRelayTests {
    private static let writers = 4
    private static let eventsPerWriter = 30
    private static let channels = 3

    private var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// Transactions are committed in another order than their rows were numbered in, and numbers are left out.
    private func write(_ writer: Int, to database: any Database) async throws {
        for number in 0..<Self.eventsPerWriter {
            try await database.transaction { connection in
                let channelID = (number + writer) % Self.channels
                try Outbox.append(
                    EventFlow.event(channelID, "\(writer).\(number)"), at: Timestamp(milliseconds: 1000),
                    to: connection)
            }
            await Task.yield()
        }
    }

    /// The envelopes in the order in which each is first delivered.
    private func firstCopies(_ count: Int, from subscription: any EventSubscription) async throws -> [EventEnvelope] {
        var known: Set<String> = []
        var envelopes: [EventEnvelope] = []
        while envelopes.count < count, let delivery = try await subscription.next() {
            subscription.acknowledge(delivery.tag)
            let envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
            if known.insert(envelope.id).inserted { envelopes.append(envelope) }
        }
        return envelopes
    }

    @Test(arguments: DatabaseEngine.all)
    func eventsOfAnAggregateComeInTheirOrderWhoeverRelaysThem(engine: DatabaseEngine) async throws {
        try await engine.withStore { (store) async throws in
            let databases = [try store.open(), try store.open()]
            try await databases[0].migrate([Outbox.schema])
            let bus = InProcessMessageBus()
            let subscription = try await bus.subscribe("test", topics: ["#"], exclusive: true)
            let relaying = databases.map { database in
                Task { try await OutboxRelay(database: database, bus: bus, logger: logger).run() }
            }
            async let delivered = firstCopies(Self.writers * Self.eventsPerWriter, from: subscription)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask { try await write(writer, to: databases[writer % databases.count]) }
                }
                try await group.waitForAll()
            }
            for (aggregate, envelopes) in Dictionary(grouping: try await delivered, by: \.aggregate) {
                let versions = envelopes.map(\.aggregateVersion)
                #expect(versions == versions.sorted(), "\(aggregate)")
                #expect(Set(versions).count == versions.count)
            }
            for task in relaying {
                task.cancel()
                try await task.value
            }
            await bus.shutdown()
            for database in databases { try await database.close() }
        }
    }

    /// An event is told long before the relay would look by itself, whichever process wrote it.
    @Test func anotherProcessOnPostgreSQLWakesTheRelay() async throws {
        try await DatabaseEngine.postgresql.withStore { (store) async throws in
            let (server, command) = (try store.open(), try store.open())
            try await server.migrate([Outbox.schema])
            let wakes = try #require(server.notifications("outbox"))
            var iterator = wakes.makeAsyncIterator()
            #expect(await iterator.next() != nil)
            try await command.transaction { connection in
                try Outbox.append(EventFlow.event(1, "x"), at: Timestamp(milliseconds: 1), to: connection)
            }
            #expect(await iterator.next() != nil)
            try await server.close()
            try await command.close()
        }
    }
}
