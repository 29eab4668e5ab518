import AccountService
import DatabaseTesting
import Events
import Foundation
import Testing

@Suite(.timeLimit(.minutes(20)))
struct ChannelListTests {
    private func names(_ test: ServiceUnderTest, _ request: ChannelListRequest) async throws -> [String] {
        try await test.api.channels(request).items.map(\.name)
    }

    @Test(arguments: DatabaseEngine.all)
    func channelsAreFoundByNameAndTitle(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            for (name, title) in [
                ("jazz_fm", "Smooth"), ("rock", "All JAZZ is bad"), ("talk", "100% Überall"), ("gone", "jazz"),
            ] {
                _ = try await test.service.createChannel(name: name, title: title)
            }
            try await test.service.deleteChannel(named: "gone", by: .administrator)
            #expect(try await names(test, ChannelListRequest()) == ["jazz_fm", "rock", "talk"])
            #expect(try await names(test, ChannelListRequest(query: "Jazz")) == ["jazz_fm", "rock"])
            #expect(try await names(test, ChannelListRequest(query: "ÜBER")) == ["talk"])
            #expect(try await names(test, ChannelListRequest(query: "%")) == ["talk"])
            #expect(try await names(test, ChannelListRequest(query: "z_f")) == ["jazz_fm"])
            #expect(try await names(test, ChannelListRequest(query: "\\")) == [])
            #expect(try await names(test, ChannelListRequest(query: "")) == ["jazz_fm", "rock", "talk"])
            #expect(try await names(test, ChannelListRequest(live: true)) == [])
            #expect(try await names(test, ChannelListRequest(live: false)) == ["jazz_fm", "rock", "talk"])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func liveChannelsAreFound(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let live = try await test.service.createChannel(name: "live_one", title: "")
            _ = try await test.service.createChannel(name: "silent", title: "")
            try await test.service.subscribe()
            try await test.whileRunning { () async throws in
                let stream = StreamState(
                    streamID: "s", channelID: live.id, channelName: "live_one", epoch: 1,
                    startedAt: Timestamp(milliseconds: 0), ladder: [])
                try await test.tell(.streamStarted(stream), version: 1)
                _ = try await test.channel("live_one") { $0.live }
                #expect(try await names(test, ChannelListRequest(live: true)) == ["live_one"])
                #expect(try await names(test, ChannelListRequest(live: false)) == ["silent"])
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func pagesCoverEveryChannelOnce(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let all = (100..<125).map { "radio_\($0)" }
            for name in all.shuffled() { _ = try await test.service.createChannel(name: name, title: "") }
            var listed: [String] = []
            var cursor: String?
            repeat {
                let page = try await test.api.channels(ChannelListRequest(cursor: cursor, limit: 5))
                #expect(page.items.count == 5)
                listed += page.items.map(\.name)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(listed == all)
            #expect(try await test.api.channels(ChannelListRequest(limit: 0)).items.count == 1)
            await #expect(throws: AccountError.invalidCursor) {
                try await test.api.channels(ChannelListRequest(cursor: "no cursor"))
            }
        }
    }

    /// The keys of the documents are a contract, absent values too.
    @Test(arguments: DatabaseEngine.all)
    func documentsAreWrittenInFull(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let user = try await test.service.createUser(username: "ada")
            _ = try await test.api.createChannel(
                CreateChannelRequest(name: "radio"), userID: user.id, publicURL: "https://a.example")
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let page = try await test.api.channels(ChannelListRequest(), publicURL: "https://a.example")
            #expect(
                String(decoding: try encoder.encode(page), as: UTF8.self)
                    == #"{"items":[{"hls":"https://a.example/hls/radio/master.m3u8","id":"1","listeners":0,"#
                    + #""live":false,"name":"radio","nowPlaying":null,"startedAt":null,"streamId":null,"#
                    + #""title":"radio","waiting":false}],"nextCursor":null}"#)
            let changed = try await test.api.updateChannel(
                named: "radio", UpdateChannelRequest(title: "New"), by: .user(user.id))
            #expect(changed.title == "New")
            #expect(changed.hls == "/hls/radio/master.m3u8")
        }
    }
}
