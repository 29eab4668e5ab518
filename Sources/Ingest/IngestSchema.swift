import Persistence

/// The tables of Ingest. Times are milliseconds since 1970.
enum IngestSchema {
    static let schema = Schema(
        "ingest",
        [
            Migration(
                version: 1, name: "create stream keys and streams",
                statements: [
                    """
                    CREATE TABLE stream_keys (
                        sha256 TEXT NOT NULL PRIMARY KEY,
                        key_id TEXT NOT NULL UNIQUE,
                        channel_id TEXT NOT NULL,
                        channel_name TEXT NOT NULL,
                        expires_at BIGINT,
                        revoked_at BIGINT
                    )
                    """,
                    """
                    CREATE TABLE streams (
                        stream_id TEXT NOT NULL PRIMARY KEY,
                        channel_id TEXT NOT NULL,
                        channel_name TEXT NOT NULL,
                        epoch BIGINT NOT NULL,
                        ladder TEXT NOT NULL,
                        started_at BIGINT NOT NULL,
                        owner TEXT NOT NULL,
                        lease_expires_at BIGINT NOT NULL,
                        ended_at BIGINT
                    )
                    """,
                    "CREATE UNIQUE INDEX streams_live ON streams (channel_id) WHERE ended_at IS NULL",
                ]),
            Migration(
                version: 2, name: "create the projection of channels",
                statements: [
                    "CREATE TABLE channels (channel_id TEXT NOT NULL PRIMARY KEY, recording BIGINT NOT NULL)"
                ]),
            Migration(
                version: 3, name: "find the newest streams of a channel",
                statements: ["CREATE INDEX streams_begun ON streams (channel_id, started_at)"]),
        ])
}
