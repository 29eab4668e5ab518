import Events
import Persistence

/// The tables of Origin: which stream is whose. Times are milliseconds since 1970.
enum OriginSchema {
    static let schema = Schema(
        "origin",
        [
            Migration(
                version: 1, name: "create the projection of channels and streams",
                statements: [
                    """
                    CREATE TABLE channels (
                        channel_id TEXT NOT NULL PRIMARY KEY,
                        name TEXT NOT NULL,
                        deleted BIGINT NOT NULL DEFAULT 0
                    )
                    """,
                    """
                    CREATE TABLE streams (
                        stream_id TEXT NOT NULL PRIMARY KEY,
                        channel_id TEXT NOT NULL,
                        ended_at BIGINT
                    )
                    """,
                    "CREATE INDEX streams_live ON streams (channel_id) WHERE ended_at IS NULL",
                ]),
            Migration(
                version: 2, name: "find the streams that ended last",
                statements: ["CREATE INDEX streams_ended ON streams (ended_at) WHERE ended_at IS NOT NULL"]),
        ])

    static let types: [EventType] = [.channelChanged, .streamStarted, .streamChanged, .streamEnded]

    /// Brings the projection up to date; runs in the transaction that marks the event as applied.
    static func apply(_ event: Event, _ envelope: EventEnvelope, _ connection: any SQLConnection) throws {
        switch event {
        case .channelChanged(let channel):
            try connection.execute(
                """
                INSERT INTO channels (channel_id, name, deleted) VALUES (?, ?, ?)
                ON CONFLICT (channel_id) DO UPDATE SET name = excluded.name, deleted = excluded.deleted
                """, [.text(channel.channelID), .text(channel.name), SQLValue(channel.deleted)])
        case .streamStarted(let stream), .streamChanged(let stream):
            try connection.execute(
                """
                INSERT INTO channels (channel_id, name) VALUES (?, ?) ON CONFLICT (channel_id) DO NOTHING
                """, [.text(stream.channelID), .text(stream.channelName)])
            try connection.execute(
                "INSERT INTO streams (stream_id, channel_id) VALUES (?, ?) ON CONFLICT (stream_id) DO NOTHING",
                [.text(stream.streamID), .text(stream.channelID)])
        case .streamEnded(let stream):
            try connection.execute(
                """
                INSERT INTO streams (stream_id, channel_id, ended_at) VALUES (?, ?, ?)
                ON CONFLICT (stream_id) DO UPDATE SET ended_at = excluded.ended_at
                """,
                [.text(stream.streamID), .text(stream.channelID), SQLValue(stream.endedAt.milliseconds)])
        default: break
        }
    }
}
