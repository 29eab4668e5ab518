import DatabaseTesting
import Events
import Foundation
import Logging
import MessageBus
import Persistence

/// A service that tells, a bus, and a service that keeps a ledger of what it was told.
struct EventFlow: Sendable {
    let bus: any MessageBus
    let teller: any Database
    let keeper: any Database
    let logger: Logger

    /// Runs `body` on two empty databases and a bus on which the keeper is subscribed.
    static func with(
        _ engine: DatabaseEngine, _ body: (EventFlow) async throws -> Void
    ) async throws {
        try await engine.withDatabase([Outbox.schema]) { teller in
            try await engine.withDatabase([Inbox.schema, .ledger]) { keeper in
                let bus = InProcessMessageBus()
                var logger = Logger(label: "test")
                logger.logLevel = .critical
                let flow = EventFlow(bus: bus, teller: teller, keeper: keeper, logger: logger)
                try await flow.consumer().declare()
                try await body(flow)
                await bus.shutdown()
            }
        }
    }

    /// What is told: the title of a channel.
    static func event(_ channelID: Int, _ title: String) -> Event {
        .channelChanged(
            ChannelChanged(channelID: "\(channelID)", name: "name", title: title, ownerID: nil, deleted: false))
    }

    func tell(_ channelID: Int, _ title: String, at milliseconds: Int64 = 1000) async throws {
        try await teller.transaction { connection in
            _ = try Outbox.append(
                Self.event(channelID, title), at: Timestamp(milliseconds: milliseconds), to: connection)
        }
    }

    func relay(fuse: Fuse = Fuse(steps: nil)) -> OutboxRelay {
        OutboxRelay(
            database: FusedDatabase(database: teller, fuse: fuse), bus: FusedBus(bus: bus, fuse: fuse), logger: logger)
    }

    func consumer(fuse: Fuse = Fuse(steps: nil)) -> EventConsumer {
        EventConsumer(
            subscriber: "keeper", types: [.channelChanged],
            database: FusedDatabase(database: keeper, fuse: fuse), bus: bus, logger: logger)
    }

    /// Relays until nothing waits, or the fuse burns.
    func relayAll(fuse: Fuse = Fuse(steps: nil)) async throws {
        let relay = relay(fuse: fuse)
        do {
            while try await relay.relayBatch() > 0 {}
        } catch {
            guard fuse.isBurnt else { throw error }
        }
    }

    /// Consumes until the title `last` is in the ledger, or the fuse burns.
    func consume(until last: String, fuse: Fuse = Fuse(steps: nil)) async throws {
        let consuming = Task { try await consumer(fuse: fuse).run(apply: Self.enter) }
        while !fuse.isBurnt, try await !ledger().contains(where: { $0.hasSuffix(last) }) {
            try await Task.sleep(for: .milliseconds(1))
        }
        // A burnt fuse ends it; otherwise the last acknowledgement is on its way, and cancelling waits for it.
        if !fuse.isBurnt { consuming.cancel() }
        try await consuming.value
    }

    /// Consumes for a moment, or until the fuse burns.
    func consumeBriefly(fuse: Fuse) async throws {
        let consuming = Task { try await consumer(fuse: fuse).run(apply: Self.enter) }
        try await Task.sleep(for: .milliseconds(10))
        consuming.cancel()
        try await consuming.value
    }

    static let enter: EventConsumer.Apply = { event, _, connection in
        guard case .channelChanged(let channel) = event else { return }
        try connection.execute(
            "INSERT INTO ledger (entry) VALUES (?)", [.text("\(channel.channelID) \(channel.title)")])
    }

    func ledger() async throws -> [String] {
        try await keeper.read { connection in
            try connection.query("SELECT entry FROM ledger ORDER BY position").map { try $0["entry"] }
        }
    }

    /// How many events wait in the outbox.
    func pending() async throws -> Int {
        try await teller.read { connection in
            try connection.query("SELECT 1 AS found FROM outbox WHERE published_at IS NULL").count
        }
    }
}
