import Crypto
import DatabaseTesting
import Events
import Persistence
import Testing

@testable import Ingest

struct StreamKeyRegistryTests {
    private func changed(
        _ key: String, id: String = "1", expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil
    ) -> Event {
        let digits = Array("0123456789abcdef")
        let hash = String(SHA256.hash(data: Array(key.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        return .streamKeyChanged(
            StreamKeyChanged(
                keyID: id, channelID: "7", channelName: "demo", sha256: hash, label: "", expiresAt: expiresAt,
                revokedAt: revokedAt))
    }

    @Test(arguments: DatabaseEngine.all)
    func knownKeysLetIn(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await test.apply(changed("secret"))
            let holder = try await test.keys.holder(of: ["secret"])
            #expect(holder == StreamKeyHolder(keyID: "1", channelID: "7", channelName: "demo"))
            #expect(try await test.keys.holder(of: [""]) == nil)
            #expect(try await test.keys.holder(of: [String(repeating: "x", count: 600)]) == nil)
        }
    }

    /// A key that was made a moment ago is waited for.
    @Test(arguments: DatabaseEngine.all)
    func lateKeysAreWaitedFor(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            async let holder = test.keys.holder(of: ["late"])
            try await Task.sleep(for: .milliseconds(150))
            try await test.apply(changed("late"))
            #expect(try await holder?.keyID == "1")
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func unknownKeysAreRefusedInTheEnd(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let holder = try await test.keys.holder(of: ["nobody's"])
            #expect(holder == nil)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func revokedAndExpiredKeysAreRefused(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await test.apply(changed("secret"))
            try await test.apply(changed("secret", revokedAt: test.now))
            #expect(try await test.keys.holder(of: ["secret"]) == nil)
            try await test.apply(changed("brief", id: "2", expiresAt: test.now.advanced(by: .seconds(60))))
            #expect(try await test.keys.holder(of: ["brief"])?.keyID == "2")
            test.advance(by: .seconds(60))
            #expect(try await test.keys.holder(of: ["brief"]) == nil)
        }
    }

    /// A process that was away learns of what was revoked; a key that is not known may only not have arrived yet.
    @Test(arguments: DatabaseEngine.all)
    func revokedKeysAreFoundAmongThoseInUse(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await test.apply(changed("good"))
            try await test.apply(changed("bad", id: "2"))
            try await test.apply(changed("bad", id: "2", revokedAt: test.now))
            #expect(try await test.keys.revoked(among: ["1", "2", "3"]) == ["2"])
            #expect(try await test.keys.revoked(among: []) == [])
        }
    }

    /// A channel that nothing is known of is recorded; afterwards what its owner said last counts.
    @Test(arguments: DatabaseEngine.all)
    func whetherAChannelRecordsFollowsItsOwner(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            #expect(try await rows.isRecorded("7"))
            for recording in [false, true, false] {
                try await test.apply(
                    .channelChanged(
                        ChannelChanged(
                            channelID: "7", name: "x", title: "", ownerID: nil, recording: recording, deleted: false)))
                #expect(try await rows.isRecorded("7") == recording)
                #expect(try await rows.isRecorded("8"))
            }
        }
    }

    /// A channel's new name counts for its keys, and a deleted channel's keys are gone.
    @Test(arguments: DatabaseEngine.all)
    func keysFollowTheirChannel(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await test.apply(changed("secret"))
            let renamed = ChannelChanged(channelID: "7", name: "other", title: "", ownerID: nil, deleted: false)
            try await test.apply(.channelChanged(renamed))
            #expect(try await test.keys.holder(of: ["secret"])?.channelName == "other")
            let deleted = ChannelChanged(channelID: "7", name: "other", title: "", ownerID: nil, deleted: true)
            try await test.apply(.channelChanged(deleted))
            #expect(try await test.keys.holder(of: ["secret"]) == nil)
        }
    }

    /// Keys that are over do not fill the table.
    @Test(arguments: DatabaseEngine.all)
    func keysThatAreOverAreForgotten(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let now = test.now
            try await test.apply(changed("revoked", id: "1", revokedAt: now))
            try await test.apply(changed("expired", id: "2", expiresAt: now))
            try await test.apply(changed("good", id: "3"))
            try await test.apply(changed("brief", id: "4", expiresAt: now.advanced(by: .seconds(1))))
            let left = try await test.database.transaction { connection in
                try StreamKeyRegistry.deleteEnded(before: now.advanced(by: .milliseconds(1)), in: connection)
                return try connection.query("SELECT key_id FROM stream_keys ORDER BY key_id").map {
                    try $0["key_id"] as String
                }
            }
            #expect(left == ["3", "4"])
        }
    }
}
