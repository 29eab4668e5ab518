public import Events

/// Events that wait in the service's own database, written in the transaction of the change that they tell of.
/// An ``OutboxRelay`` publishes them.
public enum Outbox {
    /// Notified of each event, where the engine can, see ``Database/notifications(_:)``.
    static let channel = "outbox"

    public static let schema = Schema(
        "outbox",
        [
            Migration(
                version: 1, name: "create outbox",
                statements: [
                    """
                    CREATE TABLE outbox (
                        position {identity},
                        event_id TEXT NOT NULL UNIQUE,
                        topic TEXT NOT NULL,
                        aggregate TEXT NOT NULL,
                        envelope {bytes} NOT NULL,
                        published_at BIGINT
                    )
                    """,
                    "CREATE INDEX outbox_pending ON outbox (position) WHERE published_at IS NULL",
                    "CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL",
                    "CREATE INDEX outbox_aggregate ON outbox (aggregate, position)",
                    """
                    CREATE TABLE outbox_aggregates (
                        aggregate TEXT NOT NULL PRIMARY KEY,
                        version BIGINT NOT NULL
                    )
                    """,
                ])
        ])

    /// Puts the event behind all others of its aggregate. It is published once the transaction is committed.
    ///
    /// The aggregate's version is the time in milliseconds, or one more than the last where that is not less. So it
    /// keeps growing after the database was restored from a backup, and consumers do not take news for old.
    /// - Parameter replacingEarlier: removes the aggregate's earlier events, published or not: for what changes often
    ///   and of which the newest event says all.
    @discardableResult
    public static func append(
        _ event: Event, at now: Timestamp, replacingEarlier: Bool = false, to connection: any SQLConnection
    ) throws -> EventEnvelope {
        // The row stays locked until the transaction ends: events of one aggregate are committed in their order.
        let row = try connection.queryOne(
            """
            INSERT INTO outbox_aggregates (aggregate, version) VALUES (?, ?)
            ON CONFLICT (aggregate) DO UPDATE SET version = CASE
                WHEN excluded.version > outbox_aggregates.version THEN excluded.version
                ELSE outbox_aggregates.version + 1
            END
            RETURNING version
            """, [.text(event.aggregate), .integer(now.milliseconds)])
        guard let row else { throw SQLError(.unexpectedResult, "the outbox gave no version") }
        if replacingEarlier { try redact(aggregate: event.aggregate, in: connection) }
        var generator = SystemRandomNumberGenerator()
        let envelope = EventEnvelope(
            id: EventEnvelope.makeID(using: &generator), event: event, aggregateVersion: try row["version"],
            occurredAt: now)
        try connection.execute(
            "INSERT INTO outbox (event_id, topic, aggregate, envelope) VALUES (?, ?, ?, ?)",
            [.text(envelope.id), .text(event.type.topic), .text(event.aggregate), .blob(envelope.encoded())])
        try connection.notify(channel)
        return envelope
    }

    /// Removes everything that was said of an aggregate, published or not: for the deletion of a person. The event
    /// that tells of the deletion is appended after it.
    public static func redact(aggregate: String, in connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM outbox WHERE aggregate = ?", [.text(aggregate)])
    }

    /// Has the newest event of each aggregate published again, where the bus forgot what it had taken: the in-process
    /// bus does when the process ends. Consumers that had it already know it by its id.
    /// - Returns: how many events wait now that did not before.
    @discardableResult
    public static func resendNewest(in connection: any SQLConnection) throws -> Int {
        let count = try connection.execute(
            """
            UPDATE outbox SET published_at = NULL
            WHERE published_at IS NOT NULL
                AND position IN (SELECT MAX(position) FROM outbox GROUP BY aggregate)
            """, [])
        if count > 0 { try connection.notify(channel) }
        return count
    }
}
