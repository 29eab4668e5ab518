import Events
import Persistence

/// A recording as `GET /api/v1/channels/NAME/recordings` lists it.
public struct RecordingDocument: Encodable, Sendable, Hashable {
    /// The id of the stream that it was.
    public let id: String
    /// RFC 3339.
    public let startedAt: String
    /// In seconds.
    public let duration: Double
    /// The URL of the master playlist.
    public let hls: String

    init(_ row: RecordingRow, channelName: String, publicURL: String) {
        id = row.streamID
        startedAt = row.startedAt.rfc3339
        duration = Double(row.durationSamples) / 48000
        hls = "\(publicURL)/hls/\(channelName)/recordings/\(row.streamID)/master.m3u8"
    }
}

/// A row of `recordings`.
struct RecordingRow: Sendable {
    let streamID: String
    let startedAt: Timestamp
    let durationSamples: Int64

    private init(_ row: SQLRow) throws {
        streamID = try row["stream_id"]
        startedAt = Timestamp(milliseconds: try row["started_at"])
        durationSamples = try row["duration_samples"]
    }

    /// At most `limit` recordings, newest first, behind the stream `cursor`.
    static func list(
        channelID: Int64, after cursor: String?, limit: Int, in connection: any SQLConnection
    ) throws -> [RecordingRow] {
        var sql = "SELECT stream_id, started_at, duration_samples FROM recordings WHERE channel_id = ?"
        var values: [SQLValue] = [.integer(channelID)]
        if let cursor {
            let row = try connection.queryOne(
                "SELECT started_at FROM recordings WHERE stream_id = ? AND channel_id = ?",
                [.text(cursor), .integer(channelID)])
            guard let row else { throw AccountError.invalidCursor }
            let startedAt: Int64 = try row["started_at"]
            sql += " AND (started_at < ? OR (started_at = ? AND stream_id > ?))"
            values += [.integer(startedAt), .integer(startedAt), .text(cursor)]
        }
        sql += " ORDER BY started_at DESC, stream_id LIMIT ?"
        values.append(SQLValue(limit))
        return try connection.query(sql, values).map(RecordingRow.init)
    }
}
