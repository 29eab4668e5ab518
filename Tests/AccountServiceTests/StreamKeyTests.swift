import AccountService
import DatabaseTesting
import Events
import Testing

@Suite(.timeLimit(.minutes(20)))
struct StreamKeyTests {
    private func keyEvents(_ test: ServiceUnderTest) async throws -> [StreamKeyChanged] {
        try await test.outbox().compactMap { event in
            guard case .streamKeyChanged(let key) = event else { return nil }
            return key
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aKeyIsShownOnceAndToldByItsHash(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "")
            let key = try await test.service.createKey(channelNamed: "radio", label: " OBS ", by: .administrator)
            #expect(key.streamKey.wholeMatch(of: /radio_[a-z2-7]{26}/) != nil)
            #expect(key.label == "OBS")
            #expect(
                try await keyEvents(test) == [
                    StreamKeyChanged(
                        keyID: key.id, channelID: channel.id, channelName: "radio",
                        sha256: StreamKey.sha256(of: key.streamKey), label: "OBS", expiresAt: nil, revokedAt: nil)
                ])
            let kept = try await test.service.keys(channelNamed: "radio", by: .administrator)
            #expect(kept.map(\.id) == [key.id])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func keysDiffer(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            var keys: Set<String> = []
            for _ in 0..<50 {
                keys.insert(
                    try await test.service.createKey(channelNamed: "radio", label: "", by: .administrator).streamKey)
            }
            #expect(keys.count == 50)
            await #expect(throws: AccountError.tooManyStreamKeys) {
                try await test.service.createKey(channelNamed: "radio", label: "", by: .administrator)
            }
        }
    }

    /// The hash is a contract with Ingest.
    @Test func theHashIsSHA256InHexadecimal() {
        #expect(
            StreamKey.sha256(of: "demo-key") == "c48a01f49fd0f2cc404bc3cbbc80e91457a3d41bb429a695243de4c61794155c")
    }

    @Test(arguments: DatabaseEngine.all)
    func rotationRevokesEveryGoodKey(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            let old = try await test.service.createKey(channelNamed: "radio", label: "a", by: .administrator)
            _ = try await test.service.createKey(
                channelNamed: "radio", label: "browser", validity: .seconds(60), by: .administrator)
            test.advance(by: .seconds(60))
            let new = try await test.service.rotateKey(channelNamed: "radio", by: .administrator)
            let events = try await keyEvents(test)
            // The one that had expired needs no word.
            #expect(events.count == 4)
            #expect(events[2].keyID == old.id)
            #expect(events[2].revokedAt == test.now)
            #expect(events[3].keyID == new.id)
            #expect(events[3].revokedAt == nil)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func revocationIsToldOnce(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            _ = try await test.service.createChannel(name: "other", title: "")
            let key = try await test.service.createKey(channelNamed: "radio", label: "a", by: .administrator)
            for id in [key.id, "99", "x"] {
                await #expect(throws: AccountError.unknownStreamKey(id)) {
                    try await test.service.revokeKey(id: id, channelNamed: "other", by: .administrator)
                }
            }
            try await test.service.revokeKey(id: key.id, channelNamed: "radio", by: .administrator)
            let revokedAt = test.now
            test.advance(by: .seconds(1))
            try await test.service.revokeKey(id: key.id, channelNamed: "radio", by: .administrator)
            #expect(try await keyEvents(test).map(\.revokedAt) == [nil, revokedAt])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func onlyTheOwnerHandlesKeys(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            let key = try await test.service.createKey(channelNamed: "radio", label: "", by: .administrator)
            let stranger = Requester.user("1")
            let refusal = AccountError.notOwner("radio")
            await #expect(throws: refusal) {
                try await test.service.createKey(channelNamed: "radio", label: "", by: stranger)
            }
            await #expect(throws: refusal) { try await test.service.rotateKey(channelNamed: "radio", by: stranger) }
            await #expect(throws: refusal) {
                try await test.service.revokeKey(id: key.id, channelNamed: "radio", by: stranger)
            }
            await #expect(throws: refusal) { try await test.service.keys(channelNamed: "radio", by: stranger) }
            #expect(try await keyEvents(test).count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theStudiosKeysExpireAfterADay(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "")
            let browser = try await test.api.createStreamKey(
                channelNamed: "radio", CreateStreamKeyRequest(label: "browser"), by: .administrator)
            let other = try await test.api.createStreamKey(
                channelNamed: "radio", CreateStreamKeyRequest(), by: .administrator)
            #expect(browser.expiresAt == test.now.advanced(by: .seconds(86_400)).rfc3339)
            #expect(other.expiresAt == nil)
            await #expect(throws: AccountError.expiryInThePast) {
                try await test.service.createKey(
                    channelNamed: "radio", label: "", validity: .zero, by: .administrator)
            }
            await #expect(throws: AccountError.invalidLabel) {
                try await test.service.createKey(channelNamed: "radio", label: "a\nb", by: .administrator)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theDemoIsMadeOnceAndWithdrawn(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            try await test.service.withdrawDemo()
            #expect(try await test.outbox().isEmpty)
            try await test.service.ensureDemo()
            try await test.service.ensureDemo()
            let demo = try #require(try await test.service.channel(named: "demo"))
            #expect(demo.ownerID == (try await test.service.user(named: "demo")?.id))
            let keys = try await test.service.keys(channelNamed: "demo", by: .administrator)
            #expect(keys.count == 1)
            #expect(try await keyEvents(test).last?.sha256 == StreamKey.sha256(of: "demo-key"))
            try await test.service.withdrawDemo()
            #expect(try await keyEvents(test).last?.revokedAt == test.now)
            try await test.service.ensureDemo()
            #expect(try await keyEvents(test).last?.revokedAt == nil)
        }
    }
}
