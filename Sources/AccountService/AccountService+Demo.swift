import Events
import Persistence

extension AccountService {
    private static let demoName = "demo"
    private static let demoKey = "demo-key"

    /// Makes user `demo`, channel `demo` and the stream key `demo-key`, as far as they are not there.
    ///
    /// The key is known to everyone: a server that others can reach must never do this.
    public func ensureDemo() async throws {
        try await write { connection, now in
            let user =
                try UserRow.named(Self.demoName, in: connection)
                ?? UserRow.insert(Self.demoName, at: now.milliseconds, in: connection)
            try connection.execute(
                """
                INSERT INTO channels (name, title, search_text, owner_id, created_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (name) DO NOTHING
                """,
                [
                    .text(Self.demoName), "Demo", .text(ChannelRow.searchText(name: Self.demoName, title: "Demo")),
                    .integer(user.id), .integer(now.milliseconds),
                ])
            // One that was deleted: there is no other name for it.
            try connection.execute(
                """
                UPDATE channels SET title = ?, search_text = ?, owner_id = ?, deleted_at = NULL
                WHERE name = ? AND deleted_at IS NOT NULL
                """,
                [
                    "Demo", .text(ChannelRow.searchText(name: Self.demoName, title: "Demo")), .integer(user.id),
                    .text(Self.demoName),
                ])
            let channel = try ChannelRow.named(Self.demoName, in: connection)
            try Outbox.append(channel.changed, at: now, to: connection)
            let id = try Self.ensureDemoKey(ofChannel: channel.id, at: now, in: connection)
            try Self.publishKey(id, at: now, in: connection)
        }
    }

    /// Revokes `demo-key` where an earlier run with `--demo` made it: to be called whenever a server starts without.
    public func withdrawDemo() async throws {
        try await write { connection, now in
            let key = try StreamKeyRow.withHash(StreamKey.sha256(of: Self.demoKey), in: connection)
            guard let key, key.revokedAt == nil else { return }
            try Self.revoke(key, at: now, in: connection)
        }
    }

    private static func ensureDemoKey(
        ofChannel channelID: Int64, at now: Timestamp, in connection: any SQLConnection
    ) throws -> Int64 {
        let sha256 = StreamKey.sha256(of: demoKey)
        guard let key = try StreamKeyRow.withHash(sha256, in: connection) else {
            return try StreamKeyRow.insert(
                sha256: sha256, label: "demo", expiresAt: nil, channelID: channelID, at: now, in: connection)
        }
        try StreamKeyRow.setRevocation(nil, of: key.id, in: connection)
        return key.id
    }
}
