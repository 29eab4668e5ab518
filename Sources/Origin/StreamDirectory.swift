import Events
import Persistence
import Synchronization

/// Which stream a channel has on the air, and which channel a stream belongs to: in memory, for the event loops.
///
/// Filled from the projection and from the events as they come: only one process of the service consumes those for the
/// projection. Both ways may be late.
final class StreamDirectory: Sendable {
    private let state = Mutex(StreamTable())
    private let database: any Database

    init(database: any Database) { self.database = database }

    /// The stream that is on the air at the channel of this name.
    func liveStream(ofChannel name: String) -> String? { state.withLock { $0.liveStream(ofChannel: name) } }

    /// The id of the channel of this name.
    func channelID(named name: String) -> String? { state.withLock { $0.channelID(named: name) } }

    /// Whether the stream, live or over not long ago, belongs to the channel.
    func belongs(_ stream: String, to channel: String) -> Bool { state.withLock { $0.belongs(stream, to: channel) } }

    /// Whether the stream, however old, belongs to the channel.
    func belonged(_ stream: String, to channel: String) async throws -> Bool {
        if belongs(stream, to: channel) { return true }
        return try await database.read { connection in
            try connection.queryOne(
                """
                SELECT streams.stream_id FROM streams JOIN channels ON channels.channel_id = streams.channel_id
                WHERE streams.stream_id = ? AND channels.name = ? AND channels.deleted = 0
                """, [.text(stream), .text(channel)]) != nil
        }
    }

    /// What another service tells, before or after it is in the projection.
    /// - Returns: whether a name that was known changed hands.
    @discardableResult
    func apply(_ event: Event) -> Bool {
        state.withLock { table in
            switch event {
            case .channelChanged(let channel):
                return table.setName(channel.deleted ? nil : channel.name, ofChannel: channel.channelID)
            case .streamStarted(let stream), .streamChanged(let stream):
                table.suggestName(stream.channelName, ofChannel: stream.channelID)
                table.begin(stream.streamID, of: stream.channelID)
                return false
            case .streamEnded(let stream):
                table.end(stream.streamID, of: stream.channelID, at: stream.endedAt.milliseconds)
                return false
            default: return false
            }
        }
    }

    private struct Channel: Sendable {
        var id: String
        var name: String?
    }

    private struct Stream: Sendable {
        var id: String
        var channelID: String
        var endedAt: Int64?

        init(_ row: SQLRow) throws {
            id = try row["stream_id"]
            channelID = try row["channel_id"]
            endedAt = try row["ended_at"]
        }
    }

    /// Reads the projection: all that is on the air, however many newer streams there were, and what ended last.
    /// - Returns: whether a name that was known changed hands.
    @discardableResult
    func reload() async throws -> Bool {
        let believed = state.withLock { $0.liveStreams }
        let (channels, streams) = try await database.read { connection in
            let columns = "SELECT stream_id, channel_id, ended_at FROM streams"
            var streams = try connection.query("\(columns) WHERE ended_at IS NULL").map(Stream.init)
            streams += try connection.query(
                "\(columns) WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT \(StreamTable.endedLimit)"
            ).map(Stream.init)
            // A stream that is on the air here and whose end was missed, long ago.
            let found = Set(streams.map(\.id))
            for id in believed where !found.contains(id) {
                streams += try connection.query("\(columns) WHERE stream_id = ?", [.text(id)]).map(Stream.init)
            }
            let channels = try connection.query("SELECT channel_id, name, deleted FROM channels").map { row in
                let deleted: Bool = try row["deleted"]
                return Channel(id: try row["channel_id"], name: deleted ? nil : try row["name"])
            }
            return (channels, streams)
        }
        return state.withLock { table in
            var isRenamed = false
            for channel in channels where table.setName(channel.name, ofChannel: channel.id) { isRenamed = true }
            for stream in streams {
                if let endedAt = stream.endedAt {
                    table.end(stream.id, of: stream.channelID, at: endedAt)
                } else {
                    table.begin(stream.id, of: stream.channelID)
                }
            }
            return isRenamed
        }
    }
}
