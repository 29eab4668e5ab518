import Persistence
import Synchronization

/// Which stream a channel has on the air, and which channel a stream belongs to: a copy in memory of the projection,
/// for the event loops.
final class StreamDirectory: Sendable {
    private struct State {
        var live: [String: String] = [:]
        var channels: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let database: any Database
    /// Streams of the recent past are known without asking the database.
    private static let remembered = 1000

    init(database: any Database) { self.database = database }

    /// The stream that is on the air at the channel of this name.
    func liveStream(ofChannel name: String) -> String? { state.withLock { $0.live[name] } }

    /// Whether the stream, live or over not long ago, belongs to the channel.
    func belongs(_ stream: String, to channel: String) -> Bool {
        state.withLock { $0.channels[stream] == channel }
    }

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

    /// Reads the projection again.
    func reload() async throws {
        let rows = try await database.read { connection in
            try connection.query(
                """
                SELECT streams.stream_id, streams.ended_at, channels.name FROM streams
                JOIN channels ON channels.channel_id = streams.channel_id
                WHERE channels.deleted = 0 ORDER BY streams.stream_id DESC LIMIT \(Self.remembered)
                """)
        }
        var live: [String: String] = [:]
        var channels: [String: String] = [:]
        for row in rows {
            let stream: String = try row["stream_id"]
            let channel: String = try row["name"]
            let ended: Int64? = try row["ended_at"]
            channels[stream] = channel
            if ended == nil, live[channel] == nil { live[channel] = stream }
        }
        let state = State(live: live, channels: channels)
        self.state.withLock { $0 = state }
    }
}
