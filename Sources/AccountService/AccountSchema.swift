import Persistence

/// The tables of AccountService. Times are milliseconds since 1970.
enum AccountSchema {
    static let schema = Schema(
        "accounts",
        [
            Migration(
                version: 1, name: "create users, channels and stream keys",
                statements: [
                    """
                    CREATE TABLE users (
                        id {identity},
                        username TEXT NOT NULL UNIQUE,
                        created_at BIGINT NOT NULL
                    )
                    """,
                    """
                    CREATE TABLE channels (
                        id {identity},
                        name TEXT NOT NULL UNIQUE,
                        title TEXT NOT NULL,
                        search_text TEXT NOT NULL,
                        owner_id BIGINT REFERENCES users (id),
                        created_at BIGINT NOT NULL,
                        deleted_at BIGINT
                    )
                    """,
                    """
                    CREATE TABLE stream_keys (
                        id {identity},
                        channel_id BIGINT NOT NULL REFERENCES channels (id),
                        sha256 TEXT NOT NULL UNIQUE,
                        label TEXT NOT NULL,
                        created_at BIGINT NOT NULL,
                        expires_at BIGINT,
                        revoked_at BIGINT
                    )
                    """,
                    "CREATE INDEX stream_keys_channel ON stream_keys (channel_id)",
                ]),
            Migration(
                version: 2, name: "create the projection of streams and recordings",
                statements: [
                    """
                    CREATE TABLE streams (
                        stream_id TEXT NOT NULL PRIMARY KEY,
                        channel_id BIGINT NOT NULL,
                        epoch BIGINT,
                        started_at BIGINT,
                        ended_at BIGINT,
                        recording_available BIGINT NOT NULL DEFAULT 0
                    )
                    """,
                    "CREATE INDEX streams_live ON streams (channel_id) WHERE ended_at IS NULL",
                    """
                    CREATE TABLE now_playing (
                        stream_id TEXT NOT NULL PRIMARY KEY,
                        title TEXT NOT NULL,
                        artist TEXT,
                        since BIGINT NOT NULL
                    )
                    """,
                    """
                    CREATE TABLE recordings (
                        stream_id TEXT NOT NULL PRIMARY KEY,
                        channel_id BIGINT NOT NULL,
                        started_at BIGINT NOT NULL,
                        duration_samples BIGINT NOT NULL
                    )
                    """,
                    "CREATE INDEX recordings_channel ON recordings (channel_id, started_at, stream_id)",
                ]),
            Migration(
                version: 3, name: "say for each channel whether its streams are kept",
                statements: ["ALTER TABLE channels ADD COLUMN recording BIGINT NOT NULL DEFAULT 1"]),
            Migration(
                version: 4, name: "keep keys that all processes of the service sign with",
                statements: ["CREATE TABLE secrets (name TEXT NOT NULL PRIMARY KEY, value {bytes} NOT NULL)"]),
        ])
}
