import AccountService
import DatabaseTesting
import Events
import Testing

@Suite(.timeLimit(.minutes(20)))
struct ChannelTests {
    @Test(arguments: DatabaseEngine.all)
    func aChannelIsMadeAndTold(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let user = try await test.service.createUser(username: "ada")
            let channel = try await test.service.createChannel(name: "night_radio", title: " Night ", ownerID: user.id)
            #expect(channel.name == "night_radio")
            #expect(channel.title == "Night")
            #expect(channel.ownerID == user.id)
            #expect(Int64(channel.id) != nil)
            #expect(try await test.service.channel(named: "night_radio") == channel)
            #expect(
                try await test.outbox() == [
                    .channelChanged(
                        ChannelChanged(
                            channelID: channel.id, name: "night_radio", title: "Night", ownerID: user.id,
                            deleted: false))
                ])
        }
    }

    @Test(arguments: ["abc", "a_1", "1234567890123456789012345", "___"], DatabaseEngine.all)
    func goodNamesAreTaken(name: String, engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            #expect(try await test.service.createChannel(name: name, title: "").name == name)
        }
    }

    @Test(arguments: [
        ("", AccountError.invalidChannelName), ("ab", .invalidChannelName),
        ("12345678901234567890123456", .invalidChannelName), ("Abc", .invalidChannelName), ("a-b", .invalidChannelName),
        ("a b", .invalidChannelName), ("zoë", .invalidChannelName), ("a/b", .invalidChannelName),
        ("abc\n", .invalidChannelName), ("abc\u{0}", .invalidChannelName),
        ("api", .reservedChannelName("api")), ("hls", .reservedChannelName("hls")),
        ("push", .reservedChannelName("push")), ("admin", .reservedChannelName("admin")),
        ("studio", .reservedChannelName("studio")), ("healthz", .reservedChannelName("healthz")),
        ("assets", .reservedChannelName("assets")), ("rewind", .reservedChannelName("rewind")),
    ])
    func otherNamesAreRefused(name: String, error: AccountError) async throws {
        // Before any database is asked.
        try await ServiceUnderTest.with(.sqlite) { (test) async throws in
            await #expect(throws: error) { try await test.service.createChannel(name: name, title: "") }
            #expect(try await test.outbox().isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aNameIsTakenOnce(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "one")
            await #expect(throws: AccountError.channelNameTaken("radio")) {
                try await test.service.createChannel(name: "radio", title: "two")
            }
            #expect(try await test.outbox().count == 1)
        }
    }

    @Test(arguments: ["a\nb", "a\u{7}", "a\u{2028}b", String(repeating: "x", count: 141)], DatabaseEngine.all)
    func titlesAreOneShortLine(title: String, engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            await #expect(throws: AccountError.invalidTitle) {
                try await test.service.createChannel(name: "radio", title: title)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func anOwnerHasToExist(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            for owner in ["99", "ada"] {
                await #expect(throws: AccountError.unknownUser(owner)) {
                    try await test.service.createChannel(name: "radio", title: "", ownerID: owner)
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func onlyTheOwnerChangesAChannel(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let ada = try await test.service.createUser(username: "ada")
            let bob = try await test.service.createUser(username: "bob")
            _ = try await test.service.createChannel(name: "radio", title: "old", ownerID: ada.id)
            await #expect(throws: AccountError.notOwner("radio")) {
                try await test.service.updateChannel(named: "radio", title: "bob's", by: .user(bob.id))
            }
            let changed = try await test.service.updateChannel(named: "radio", title: "new", by: .user(ada.id))
            #expect(changed.title == "new")
            #expect(try await test.service.updateChannel(named: "radio", title: "x", by: .administrator).title == "x")
            #expect(try await test.outbox().count == 3)
            await #expect(throws: AccountError.unknownChannel("none")) {
                try await test.service.updateChannel(named: "none", title: "new", by: .administrator)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func allIsChangedOrNothing(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let ada = try await test.service.createUser(username: "ada")
            _ = try await test.service.createChannel(name: "radio", title: "old")
            await #expect(throws: AccountError.unknownUser("bob")) {
                try await test.service.updateChannel(
                    named: "radio", title: "new", isRecorded: false, ownerName: "bob", by: .administrator)
            }
            let same = try #require(try await test.service.channel(named: "radio"))
            #expect(same.title == "old" && same.isRecorded && same.ownerID == nil)
            #expect(try await test.outbox().count == 1)
            let changed = try await test.service.updateChannel(
                named: "radio", title: "new", isRecorded: false, ownerName: "ada", by: .administrator)
            #expect(changed.title == "new" && !changed.isRecorded && changed.ownerID == ada.id)
            guard case .channelChanged(let event) = try #require(try await test.outbox().last) else {
                Issue.record("not told")
                return
            }
            #expect(event.title == "new" && !event.recording && event.ownerID == ada.id)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aDeletedDemoComesBack(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            try await test.service.ensureDemo()
            try await test.service.deleteChannel(named: "demo", by: .administrator)
            try await test.service.ensureDemo()
            #expect(try await test.service.channel(named: "demo")?.title == "Demo")
            let keys = try await test.service.keys(channelNamed: "demo", by: .administrator)
            #expect(keys.count == 1 && keys.first?.revokedAt == nil)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func whetherStreamsAreKeptIsTold(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "r")
            #expect(channel.isRecorded)
            let changed = try await test.service.updateChannel(
                named: "radio", isRecorded: false, by: .administrator)
            #expect(!changed.isRecorded)
            guard case .channelChanged(let event) = try #require(try await test.outbox().last) else {
                Issue.record("not told")
                return
            }
            #expect(!event.recording && event.title == "r")
            _ = try await test.api.updateChannel(
                named: "radio", UpdateChannelRequest(recording: true), by: .administrator)
            #expect(try await test.service.channel(named: "radio")?.isRecorded == true)
            await #expect(throws: AccountError.self) {
                try await test.service.updateChannel(named: "none", isRecorded: false, by: .administrator)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func deletionRevokesKeysAndLeavesNoTitle(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "private")
            _ = try await test.service.createKey(channelNamed: "radio", label: "obs", by: .administrator)
            try await test.service.deleteChannel(named: "radio", by: .administrator)
            #expect(try await test.service.channel(named: "radio") == nil)
            #expect(try await test.api.channel(named: "radio") == nil)
            let events = try await test.outbox()
            #expect(
                events.last
                    == .channelChanged(
                        ChannelChanged(
                            channelID: channel.id, name: "radio", title: "", ownerID: nil, deleted: true)))
            #expect(events.count { $0.type == .channelChanged } == 1)
            guard case .streamKeyChanged(let key) = try #require(events.dropLast().last) else {
                Issue.record("the key was not told")
                return
            }
            #expect(key.revokedAt == test.now)
            await #expect(throws: AccountError.channelNameTaken("radio")) {
                try await test.service.createChannel(name: "radio", title: "")
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func userNamesAreTakenOnceAndWellFormed(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let user = try await test.service.createUser(username: "ada")
            #expect(try await test.service.user(named: "ada") == user)
            #expect(try await test.service.user(named: "bob") == nil)
            await #expect(throws: AccountError.usernameTaken("ada")) {
                try await test.service.createUser(username: "ada")
            }
            await #expect(throws: AccountError.invalidUsername) { try await test.service.createUser(username: "A!") }
        }
    }
}
