import Events
import Persistence
import Synchronization

/// Which stream a channel has on the air, and which channel a stream belongs to: in memory, for the event loops.
///
/// Filled from the projection and from the events as they come: only one process of the service consumes those for the
/// projection. Both ways may be late, but a stream that is over never comes back and no id is used twice, so the two
/// are merged without regard to their order.
final class StreamDirectory: Sendable {
    fileprivate struct Stream {
        var channelID: String
        var isOver: Bool
    }

    fileprivate struct State {
        var names: [String: String] = [:]
        var streams: [String: Stream] = [:]
        /// By channel name; follow from the above.
        var live: [String: String] = [:]
        var identifiers: [String: String] = [:]
    }

    private let state = Mutex(State())
    private let database: any Database
    /// Streams of the recent past are known without asking the database.
    private static let remembered = 1000

    init(database: any Database) { self.database = database }

    /// The stream that is on the air at the channel of this name.
    func liveStream(ofChannel name: String) -> String? { state.withLock { $0.live[name] } }

    /// The id of the channel of this name, of which a stream is known.
    func channelID(named name: String) -> String? { state.withLock { $0.identifiers[name] } }

    /// Whether the stream, live or over not long ago, belongs to the channel.
    func belongs(_ stream: String, to channel: String) -> Bool {
        state.withLock { state in
            guard let found = state.streams[stream] else { return false }
            return state.names[found.channelID] == channel
        }
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

    /// What another service tells, before or after it is in the projection.
    func apply(_ event: Event) {
        state.withLock { state in
            switch event {
            case .channelChanged(let channel):
                state.names[channel.channelID] = channel.deleted ? nil : channel.name
            case .streamStarted(let stream), .streamChanged(let stream):
                if state.names[stream.channelID] == nil { state.names[stream.channelID] = stream.channelName }
                state.add(stream.streamID, of: stream.channelID, isOver: false)
            case .streamEnded(let stream):
                state.add(stream.streamID, of: stream.channelID, isOver: true)
            default: return
            }
            state.derive(remembering: Self.remembered)
        }
    }

    /// Reads the projection.
    func reload() async throws {
        let (channels, streams) = try await database.read { connection in
            let streams = try connection.query(
                """
                SELECT stream_id, channel_id, ended_at FROM streams ORDER BY stream_id DESC LIMIT \(Self.remembered)
                """)
            let channels = try connection.query("SELECT channel_id, name, deleted FROM channels")
            return (channels, streams)
        }
        var names: [(id: String, name: String?)] = []
        for row in channels {
            let deleted: Bool = try row["deleted"]
            names.append((try row["channel_id"], deleted ? nil : try row["name"]))
        }
        var found: [(id: String, channelID: String, isOver: Bool)] = []
        for row in streams {
            let ended: Int64? = try row["ended_at"]
            found.append((try row["stream_id"], try row["channel_id"], ended != nil))
        }
        state.withLock { [names, found] state in
            for channel in names { state.names[channel.id] = channel.name }
            for stream in found { state.add(stream.id, of: stream.channelID, isOver: stream.isOver) }
            state.derive(remembering: Self.remembered)
        }
    }
}

extension StreamDirectory.State {
    fileprivate mutating func add(_ stream: String, of channelID: String, isOver: Bool) {
        streams[stream, default: StreamDirectory.Stream(channelID: channelID, isOver: isOver)].isOver =
            isOver || streams[stream]?.isOver ?? false
    }

    /// Ids grow with time: the newest are kept, and the newest that is not over is on the air.
    fileprivate mutating func derive(remembering count: Int) {
        let newest = streams.keys.sorted(by: >)
        for stream in newest.dropFirst(count) { streams[stream] = nil }
        live = [:]
        identifiers = [:]
        for id in newest.prefix(count) {
            guard let stream = streams[id], let name = names[stream.channelID] else { continue }
            identifiers[name] = stream.channelID
            if !stream.isOver, live[name] == nil { live[name] = id }
        }
    }
}
