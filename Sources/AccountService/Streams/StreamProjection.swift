import Events
import Persistence

/// What AccountService keeps of other services' streams: which are live, what they play, what was recorded.
enum StreamProjection {
    static let types: [EventType] = [
        .streamStarted, .streamChanged, .streamEnded, .nowPlayingChanged, .recordingCompleted,
        .recordingDeleted,
    ]

    static func apply(_ event: Event, to connection: any SQLConnection) throws {
        switch event {
        case .streamStarted(let stream), .streamChanged(let stream): try apply(stream, to: connection)
        case .streamEnded(let end): try apply(end, to: connection)
        case .nowPlayingChanged(let nowPlaying): try apply(nowPlaying, to: connection)
        case .recordingCompleted(let recording): try apply(recording, to: connection)
        case .recordingDeleted(let recording):
            try connection.execute("DELETE FROM recordings WHERE stream_id = ?", [.text(recording.streamID)])
        case .channelChanged, .streamKeyChanged, .listenersCounted, .encodersAway, .replayRequested: return
        }
    }

    static func liveChannels(in connection: any SQLConnection) throws -> [Int64] {
        try connection.query("SELECT DISTINCT channel_id FROM streams WHERE ended_at IS NULL").map {
            try $0["channel_id"]
        }
    }

    private static func apply(_ stream: StreamState, to connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO streams (stream_id, channel_id, epoch, started_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (stream_id) DO UPDATE SET
                channel_id = excluded.channel_id, epoch = excluded.epoch, started_at = excluded.started_at
            """,
            [
                .text(stream.streamID), .integer(try channelNumber(stream.channelID)), .integer(stream.epoch),
                .integer(stream.startedAt.milliseconds),
            ])
    }

    private static func apply(_ end: StreamEnded, to connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO streams (stream_id, channel_id, ended_at, recording_available) VALUES (?, ?, ?, ?)
            ON CONFLICT (stream_id) DO UPDATE SET
                ended_at = excluded.ended_at, recording_available = excluded.recording_available
            """,
            [
                .text(end.streamID), .integer(try channelNumber(end.channelID)),
                .integer(end.endedAt.milliseconds), SQLValue(end.recordingAvailable),
            ])
        // What an ended stream played is in its recording.
        try connection.execute("DELETE FROM now_playing WHERE stream_id = ?", [.text(end.streamID)])
    }

    private static func apply(_ nowPlaying: NowPlayingChanged, to connection: any SQLConnection) throws {
        // Told behind the end, of which the other aggregate's event came first: nobody would remove it.
        let ended = try connection.queryOne(
            "SELECT 1 AS found FROM streams WHERE stream_id = ? AND ended_at IS NOT NULL", [.text(nowPlaying.streamID)])
        guard ended == nil else { return }
        try connection.execute(
            """
            INSERT INTO now_playing (stream_id, title, artist, since) VALUES (?, ?, ?, ?)
            ON CONFLICT (stream_id) DO UPDATE SET
                title = excluded.title, artist = excluded.artist, since = excluded.since
            """,
            [
                .text(nowPlaying.streamID), .text(nowPlaying.title), SQLValue(nowPlaying.artist),
                .integer(nowPlaying.at.milliseconds),
            ])
    }

    private static func apply(_ recording: RecordingCompleted, to connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO recordings (stream_id, channel_id, started_at, duration_samples) VALUES (?, ?, ?, ?)
            ON CONFLICT (stream_id) DO UPDATE SET
                started_at = excluded.started_at, duration_samples = excluded.duration_samples
            """,
            [
                .text(recording.streamID), .integer(try channelNumber(recording.channelID)),
                .integer(recording.startedAt.milliseconds), .integer(recording.durationSamples),
            ])
    }

    private static func channelNumber(_ id: String) throws(EventError) -> Int64 {
        guard let number = Int64(id) else { throw .wrongType(field: "channelID") }
        return number
    }
}
