/// An event of the outbox that is not published yet.
struct PendingEvent: Sendable {
    let position: Int64
    let topic: String
    let aggregate: String
    let envelope: [UInt8]

    init(_ row: SQLRow) throws {
        position = try row["position"]
        topic = try row["topic"]
        aggregate = try row["aggregate"]
        envelope = try row["envelope"]
    }

    static func first(_ limit: Int, in connection: any SQLConnection) throws -> [PendingEvent] {
        try connection.query(
            """
            SELECT position, topic, aggregate, envelope FROM outbox
            WHERE published_at IS NULL ORDER BY position LIMIT ?
            """, [.integer(Int64(limit))]
        ).map(PendingEvent.init)
    }
}
