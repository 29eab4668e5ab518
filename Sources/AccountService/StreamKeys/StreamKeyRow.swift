import Events
import Persistence

/// A row of `stream_keys` with the name of its channel.
struct StreamKeyRow: Sendable {
    let id: Int64
    let channelID: Int64
    let channelName: String
    let sha256: String
    let label: String
    let createdAt: Timestamp
    let expiresAt: Timestamp?
    let revokedAt: Timestamp?

    private static let selection = """
        SELECT stream_keys.id, channel_id, channels.name AS channel_name, sha256, label, stream_keys.created_at,
            expires_at, revoked_at
        FROM stream_keys JOIN channels ON channels.id = channel_id
        """

    private init(_ row: SQLRow) throws {
        id = try row["id"]
        channelID = try row["channel_id"]
        channelName = try row["channel_name"]
        sha256 = try row["sha256"]
        label = try row["label"]
        createdAt = Timestamp(milliseconds: try row["created_at"])
        let expiry: Int64? = try row["expires_at"]
        expiresAt = expiry.map(Timestamp.init(milliseconds:))
        let revocation: Int64? = try row["revoked_at"]
        revokedAt = revocation.map(Timestamp.init(milliseconds:))
    }

    static func withID(_ id: Int64, in connection: any SQLConnection) throws -> StreamKeyRow? {
        try connection.queryOne("\(selection) WHERE stream_keys.id = ?", [.integer(id)]).map(StreamKeyRow.init)
    }

    static func withHash(_ sha256: String, in connection: any SQLConnection) throws -> StreamKeyRow? {
        try connection.queryOne("\(selection) WHERE sha256 = ?", [.text(sha256)]).map(StreamKeyRow.init)
    }

    static func ofChannel(_ channelID: Int64, in connection: any SQLConnection) throws -> [StreamKeyRow] {
        try connection.query("\(selection) WHERE channel_id = ? ORDER BY stream_keys.id", [.integer(channelID)])
            .map(StreamKeyRow.init)
    }

    /// The channel's keys that are good now.
    static func active(
        ofChannel channelID: Int64, at now: Timestamp, in connection: any SQLConnection
    ) throws -> [StreamKeyRow] {
        try connection.query(
            """
            \(selection) WHERE channel_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
            ORDER BY stream_keys.id
            """, [.integer(channelID), .integer(now.milliseconds)]
        ).map(StreamKeyRow.init)
    }

    /// At most `limit` keys behind `id`, in the order of their ids.
    static func after(_ id: Int64, limit: Int, in connection: any SQLConnection) throws -> [StreamKeyRow] {
        try connection.query(
            "\(selection) WHERE stream_keys.id > ? ORDER BY stream_keys.id LIMIT ?", [.integer(id), SQLValue(limit)]
        ).map(StreamKeyRow.init)
    }

    static func insert(
        sha256: String, label: String, expiresAt: Timestamp?, channelID: Int64, at now: Timestamp,
        in connection: any SQLConnection
    ) throws -> Int64 {
        let row = try connection.queryOne(
            """
            INSERT INTO stream_keys (channel_id, sha256, label, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
            RETURNING id
            """,
            [
                .integer(channelID), .text(sha256), .text(label), .integer(now.milliseconds),
                SQLValue(expiresAt?.milliseconds),
            ])
        guard let row else { throw SQLError(.unexpectedResult, "no id for a new stream key") }
        return try row["id"]
    }

    static func setRevocation(_ revokedAt: Timestamp?, of id: Int64, in connection: any SQLConnection) throws {
        try connection.execute(
            "UPDATE stream_keys SET revoked_at = ? WHERE id = ?", [SQLValue(revokedAt?.milliseconds), .integer(id)])
    }

    /// Forgets keys that have not been good since `limit`; their last event said so.
    static func deleteEnded(before limit: Timestamp, in connection: any SQLConnection) throws {
        try connection.execute(
            "DELETE FROM stream_keys WHERE revoked_at < ? OR expires_at < ?",
            [.integer(limit.milliseconds), .integer(limit.milliseconds)])
    }

    var summary: StreamKeySummary {
        StreamKeySummary(
            id: String(id), label: label, createdAt: createdAt, expiresAt: expiresAt, revokedAt: revokedAt)
    }

    var changed: Event {
        .streamKeyChanged(
            StreamKeyChanged(
                keyID: String(id), channelID: String(channelID), channelName: channelName, sha256: sha256,
                label: label, expiresAt: expiresAt, revokedAt: revokedAt))
    }
}
