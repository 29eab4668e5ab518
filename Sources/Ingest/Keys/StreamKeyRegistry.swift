import Crypto
import Events
import Logging
import MessageBus
import Persistence

/// Which stream keys count, as AccountService tells: Ingest keeps their SHA-256 only.
struct StreamKeyRegistry: Sendable {
    let database: any Database
    let now: WallClock

    /// A key that was made a moment ago may not have arrived yet.
    private static let patience = 20
    private static let pause = Duration.milliseconds(100)
    private static let longestKey = 512

    /// Who holds `key`; nil when nobody does, or no longer.
    ///
    /// Looked up by hash, so that nothing about a key can be learnt from the time that the comparison takes.
    func holder(of key: String) async throws -> StreamKeyHolder? {
        guard !key.isEmpty, key.utf8.count <= Self.longestKey else { return nil }
        let hash = SHA256.hash(data: Array(key.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
        for attempt in 0...Self.patience {
            if attempt > 0 { try await Task.sleep(for: Self.pause) }
            let row = try await database.read { connection in
                try connection.queryOne(
                    """
                    SELECT key_id, channel_id, channel_name, expires_at, revoked_at FROM stream_keys WHERE sha256 = ?
                    """, [.text(hash)])
            }
            guard let row else { continue }
            let expires: Int64? = try row["expires_at"]
            let revoked: Int64? = try row["revoked_at"]
            let moment = now().milliseconds
            if let expires, expires <= moment { return nil }
            if let revoked, revoked <= moment { return nil }
            return StreamKeyHolder(
                keyID: try row["key_id"], channelID: try row["channel_id"], channelName: try row["channel_name"])
        }
        return nil
    }

    /// Which of these keys were revoked.
    func revoked(among keyIDs: [String]) async throws -> [String] {
        guard !keyIDs.isEmpty else { return [] }
        let places = keyIDs.map { _ in "?" }.joined(separator: ", ")
        return try await database.read { connection in
            try connection.query(
                "SELECT key_id FROM stream_keys WHERE revoked_at IS NOT NULL AND key_id IN (\(places))",
                keyIDs.map(SQLValue.text)
            ).map { try $0["key_id"] }
        }
    }

    /// Brings the projection up to date; runs in the transaction that marks the event as applied.
    static func apply(_ event: Event, _ envelope: EventEnvelope, _ connection: any SQLConnection) throws {
        switch event {
        case .streamKeyChanged(let key):
            try connection.execute(
                """
                INSERT INTO stream_keys (sha256, key_id, channel_id, channel_name, expires_at, revoked_at)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (key_id) DO UPDATE SET channel_name = excluded.channel_name,
                    expires_at = excluded.expires_at, revoked_at = excluded.revoked_at
                """,
                [
                    .text(key.sha256), .text(key.keyID), .text(key.channelID), .text(key.channelName),
                    SQLValue(key.expiresAt?.milliseconds), SQLValue(key.revokedAt?.milliseconds),
                ])
        case .channelChanged(let channel):
            if channel.deleted {
                try connection.execute("DELETE FROM stream_keys WHERE channel_id = ?", [.text(channel.channelID)])
                try connection.execute("DELETE FROM channels WHERE channel_id = ?", [.text(channel.channelID)])
            } else {
                try connection.execute(
                    "UPDATE stream_keys SET channel_name = ? WHERE channel_id = ?",
                    [.text(channel.name), .text(channel.channelID)])
                try connection.execute(
                    """
                    INSERT INTO channels (channel_id, recording) VALUES (?, ?)
                    ON CONFLICT (channel_id) DO UPDATE SET recording = excluded.recording
                    """, [.text(channel.channelID), SQLValue(channel.recording)])
            }
        default: break
        }
    }

    static let types: [EventType] = [.streamKeyChanged, .channelChanged]
}
