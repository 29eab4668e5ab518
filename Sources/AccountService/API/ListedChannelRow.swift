import Events
import Persistence

/// A channel with the stream that is live in it, if one is.
struct ListedChannelRow: Sendable {
    let id: Int64
    let name: String
    let title: String
    let streamID: String?
    let startedAt: Timestamp?
    let nowPlaying: ChannelDocument.NowPlaying?

    // After a takeover the old stream may end later than the new one began: the newest is the one that is live.
    private static let selection = """
        SELECT channels.id, channels.name, channels.title, streams.stream_id, streams.started_at,
            now_playing.title AS playing_title, now_playing.artist, now_playing.since
        FROM channels
        LEFT JOIN streams ON streams.stream_id = (
            SELECT live.stream_id FROM streams AS live
            WHERE live.channel_id = channels.id AND live.ended_at IS NULL
            ORDER BY live.started_at DESC, live.stream_id LIMIT 1
        )
        LEFT JOIN now_playing ON now_playing.stream_id = streams.stream_id
            AND (now_playing.title <> '' OR COALESCE(now_playing.artist, '') <> '')
        WHERE channels.deleted_at IS NULL
        """

    private init(_ row: SQLRow) throws {
        id = try row["id"]
        name = try row["name"]
        title = try row["title"]
        streamID = try row["stream_id"]
        let startedAt: Int64? = try row["started_at"]
        self.startedAt = startedAt.map(Timestamp.init(milliseconds:))
        let playing: String? = try row["playing_title"]
        let since: Int64? = try row["since"]
        if let playing, let since {
            nowPlaying = ChannelDocument.NowPlaying(
                title: playing, artist: try row["artist"], at: Timestamp(milliseconds: since).rfc3339)
        } else {
            nowPlaying = nil
        }
    }

    static func named(_ name: String, in connection: any SQLConnection) throws -> ListedChannelRow? {
        try connection.queryOne("\(selection) AND channels.name = ?", [.text(name)]).map(ListedChannelRow.init)
    }

    /// At most `limit` channels behind the name `cursor`, in the order of their names.
    static func list(
        live: Bool?, query: String?, after cursor: String?, limit: Int, in connection: any SQLConnection
    ) throws -> [ListedChannelRow] {
        var sql = selection
        var values: [SQLValue] = []
        if let live { sql += live ? " AND streams.stream_id IS NOT NULL" : " AND streams.stream_id IS NULL" }
        if let query {
            sql += " AND channels.search_text LIKE ? ESCAPE '\\'"
            values.append(.text("%" + escapedForLike(query.lowercased()) + "%"))
        }
        if let cursor {
            sql += " AND channels.name > ?"
            values.append(.text(cursor))
        }
        sql += " ORDER BY channels.name LIMIT ?"
        values.append(SQLValue(limit))
        return try connection.query(sql, values).map(ListedChannelRow.init)
    }

    private static func escapedForLike(_ text: String) -> String {
        String(text.flatMap { "%_\\".contains($0) ? ["\\", $0] : [$0] })
    }
}
