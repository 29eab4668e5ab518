public import Events

/// Remembers which events a service has applied, in the transaction that applied them. So an event that is delivered
/// again, or late, does nothing.
public enum Inbox {
    /// How long an event is remembered; longer than any outbox keeps it.
    public static let retention = Duration.seconds(30 * 24 * 3600)
    /// Events that are remembered at most. One that was forgotten too early is still known by its aggregate's version.
    public static let capacity = 500_000

    public static let schema = Schema(
        "inbox",
        [
            Migration(
                version: 1, name: "create inbox",
                statements: [
                    """
                    CREATE TABLE inbox (
                        event_id TEXT NOT NULL PRIMARY KEY,
                        received_at BIGINT NOT NULL
                    )
                    """,
                    "CREATE INDEX inbox_received ON inbox (received_at)",
                    """
                    CREATE TABLE inbox_aggregates (
                        aggregate TEXT NOT NULL PRIMARY KEY,
                        version BIGINT NOT NULL
                    )
                    """,
                ])
        ])

    /// What is to be done with an event.
    public enum Verdict: Sendable, Hashable {
        /// Apply it in this transaction.
        case apply
        /// It has been applied.
        case duplicate
        /// Newer state of its aggregate has been applied.
        case outdated
    }

    /// Notes the event and says whether it is to be applied.
    public static func accept(
        _ envelope: EventEnvelope, at now: Timestamp, in connection: any SQLConnection
    ) throws -> Verdict {
        let isNew = try connection.execute(
            "INSERT INTO inbox (event_id, received_at) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING",
            [.text(envelope.id), .integer(now.milliseconds)])
        guard isNew == 1 else { return .duplicate }
        let isNewest = try connection.execute(
            """
            INSERT INTO inbox_aggregates (aggregate, version) VALUES (?, ?)
            ON CONFLICT (aggregate) DO UPDATE SET version = excluded.version
            WHERE inbox_aggregates.version < excluded.version
            """, [.text(envelope.aggregate), .integer(envelope.aggregateVersion)])
        return isNewest == 1 ? .apply : .outdated
    }

    /// Whether no event was ever accepted: the projection has to ask for a replay.
    public static func isEmpty(in connection: any SQLConnection) throws -> Bool {
        try connection.query("SELECT 1 AS found FROM inbox_aggregates LIMIT 1").isEmpty
    }

    /// Forgets events that were received longer than ``retention`` ago, and all but the newest `capacity`.
    public static func prune(at now: Timestamp, capacity: Int = capacity, in connection: any SQLConnection) throws {
        let limit = now.advanced(by: .zero - retention)
        try connection.execute("DELETE FROM inbox WHERE received_at < ?", [.integer(limit.milliseconds)])
        // The newest of those that are too many, if there are any.
        try connection.execute(
            """
            DELETE FROM inbox WHERE received_at <= (
                SELECT received_at FROM inbox ORDER BY received_at DESC LIMIT 1 OFFSET ?
            )
            """, [.integer(Int64(capacity))])
    }
}
