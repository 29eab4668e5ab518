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
    /// More places for the key no address has.
    private static let mostKeys = 4

    /// Who holds the first of `keys` that is one; nil when nobody does, or no longer.
    ///
    /// Looked up by hash, so that nothing about a key can be learnt from the time that the comparison takes.
    /// - Parameter isPatient: whether a key that is not known is waited for.
    func holder(of keys: [String], isPatient: Bool = true) async throws -> StreamKeyHolder? {
        let hashes = keys.filter { !$0.isEmpty && $0.utf8.count <= Self.longestKey }.prefix(Self.mostKeys)
            .map(Self.hash)
        guard !hashes.isEmpty else { return nil }
        for attempt in 0...(isPatient ? Self.patience : 0) {
            if attempt > 0 { try await Task.sleep(for: Self.pause) }
            let found = try await database.read { connection in
                try hashes.map { try Self.key($0, in: connection) }
            }
            let known = found.compactMap { $0 }
            if let key = known.first(where: { $0.isValid(at: now()) }) { return key.holder }
            // All are known, and none counts any more.
            if known.count == hashes.count { return nil }
        }
        return nil
    }

    private struct Key {
        var holder: StreamKeyHolder
        var expiresAt: Int64?
        var revokedAt: Int64?

        func isValid(at now: Timestamp) -> Bool {
            (expiresAt ?? .max) > now.milliseconds && (revokedAt ?? .max) > now.milliseconds
        }
    }

    private static func hash(_ key: String) -> String {
        SHA256.hash(data: Array(key.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0" + digits : digits
        }.joined()
    }

    private static func key(_ hash: String, in connection: any SQLConnection) throws -> Key? {
        let row = try connection.queryOne(
            "SELECT key_id, channel_id, channel_name, expires_at, revoked_at FROM stream_keys WHERE sha256 = ?",
            [.text(hash)])
        guard let row else { return nil }
        return Key(
            holder: StreamKeyHolder(
                keyID: try row["key_id"], channelID: try row["channel_id"], channelName: try row["channel_name"]),
            expiresAt: try row["expires_at"], revokedAt: try row["revoked_at"])
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

    /// Forgets keys that were revoked, or ran out, before `moment`; AccountService forgets them too.
    static func deleteEnded(before moment: Timestamp, in connection: any SQLConnection) throws {
        try connection.execute(
            "DELETE FROM stream_keys WHERE revoked_at < ? OR expires_at < ?",
            [.integer(moment.milliseconds), .integer(moment.milliseconds)])
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
