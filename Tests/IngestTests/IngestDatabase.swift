import DatabaseTesting
import Events
import Foundation
import Persistence
import Synchronization

@testable import Ingest

/// A database of its own, and a wall clock that is set by hand.
final class IngestDatabase: Sendable {
    let database: any Database
    private let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))

    private init(_ database: any Database) { self.database = database }

    static func with(_ engine: DatabaseEngine, _ body: (IngestDatabase) async throws -> Void) async throws {
        try await engine.withDatabase([Outbox.schema, Inbox.schema, IngestSchema.schema]) { database in
            try await body(IngestDatabase(database))
        }
    }

    var now: Timestamp { time.withLock { $0 } }

    func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }

    func rows(owner: String) -> StreamRows {
        StreamRows(database: database, owner: owner, now: { [self] in now }, leaseClock: { [self] _ in now })
    }

    var keys: StreamKeyRegistry { StreamKeyRegistry(database: database, now: { [self] in now }) }

    func apply(_ event: Event) async throws {
        let envelope = EventEnvelope(id: UUID().uuidString, event: event, aggregateVersion: 1, occurredAt: now)
        try await database.transaction { connection in try StreamKeyRegistry.apply(event, envelope, connection) }
    }

    /// Topics in the outbox, oldest first.
    func topics() async throws -> [String] {
        try await database.read { connection in
            try connection.query("SELECT topic FROM outbox ORDER BY position").map { try $0["topic"] }
        }
    }
}

extension StreamRows {
    /// Streams that are not over.
    func live() async throws -> [StreamRow] {
        try await database.read { connection in
            try connection.query("SELECT \(StreamRow.columns) FROM streams WHERE ended_at IS NULL").map(StreamRow.init)
        }
    }
}
