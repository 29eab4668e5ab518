import AccountService
import DatabaseTesting
import Events
import Foundation
import Persistence
import Testing

@Suite(.timeLimit(.minutes(20)))
struct LiveStatusTests {
    private func stream(_ id: String, _ channelID: String, startedAt: Int64 = 1000) -> StreamState {
        StreamState(
            streamID: id, channelID: channelID, channelName: "radio", epoch: 1,
            startedAt: Timestamp(milliseconds: startedAt), ladder: [])
    }

    @Test(arguments: DatabaseEngine.all)
    func aStreamMakesTheChannelLiveUntilItEnds(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            try await test.service.subscribe()
            try await test.whileRunning { () async throws in
                try await test.tell(.streamStarted(stream("s1", channel.id)), version: 1)
                let live = try await test.channel("radio") { $0.live }
                #expect(live.streamId == "s1")
                #expect(live.startedAt == "1970-01-01T00:00:01.000Z")
                #expect(live.nowPlaying == nil)
                let playing = NowPlayingChanged(
                    streamID: "s1", channelID: channel.id, title: "Song", artist: "Band",
                    at: Timestamp(milliseconds: 2500))
                try await test.tell(.nowPlayingChanged(playing), version: 1)
                let withTitle = try await test.channel("radio") { $0.nowPlaying != nil }
                #expect(withTitle.nowPlaying?.title == "Song")
                #expect(withTitle.nowPlaying?.artist == "Band")
                #expect(withTitle.nowPlaying?.at == "1970-01-01T00:00:02.500Z")
                // A song without a title shows its artist; nothing at all is null.
                var artistOnly = playing
                (artistOnly.title, artistOnly.artist) = ("", "Bob")
                try await test.tell(.nowPlayingChanged(artistOnly), version: 2)
                let bob = try await test.channel("radio") { $0.nowPlaying?.artist == "Bob" }
                #expect(bob.nowPlaying?.title == "")
                artistOnly.artist = nil
                try await test.tell(.nowPlayingChanged(artistOnly), version: 3)
                _ = try await test.channel("radio") { $0.nowPlaying == nil }
                try await test.tell(.nowPlayingChanged(playing), version: 4)
                _ = try await test.channel("radio") { $0.nowPlaying != nil }
                try await test.tell(
                    .streamEnded(
                        StreamEnded(
                            streamID: "s1", channelID: channel.id, endedAt: Timestamp(milliseconds: 5000),
                            recordingAvailable: true)), version: 2)
                let offline = try await test.channel("radio") { !$0.live }
                #expect(offline.streamId == nil)
                #expect(offline.startedAt == nil)
                #expect(offline.nowPlaying == nil)
                // What comes behind the end is not kept.
                try await test.tell(.nowPlayingChanged(playing), version: 5)
                try await test.tell(.streamStarted(stream("s2", channel.id)), version: 1)
                _ = try await test.channel("radio") { $0.live }
                let kept = try await test.database.read { try $0.query("SELECT stream_id FROM now_playing").count }
                #expect(kept == 0)
            }
        }
    }

    /// The new stream of a takeover is told before the end of the old one, and an end may come before its start.
    @Test(arguments: DatabaseEngine.all)
    func theNewestStreamIsTheLiveOne(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            try await test.service.subscribe()
            try await test.whileRunning { () async throws in
                try await test.tell(.streamStarted(stream("s1", channel.id)), version: 1)
                try await test.tell(.streamStarted(stream("s2", channel.id, startedAt: 2000)), version: 1)
                #expect(try await test.channel("radio") { $0.streamId == "s2" }.live)
                let end = StreamEnded(
                    streamID: "s3", channelID: channel.id, endedAt: Timestamp(milliseconds: 1),
                    recordingAvailable: false)
                try await test.tell(.streamEnded(end), version: 5)
                try await test.tell(.streamStarted(stream("s3", channel.id, startedAt: 9000)), version: 4)
                try await test.tell(
                    .streamEnded(
                        StreamEnded(
                            streamID: "s1", channelID: channel.id, endedAt: Timestamp(milliseconds: 3000),
                            recordingAvailable: true)), version: 2)
                let last = RecordingCompleted(
                    streamID: "s1", channelID: channel.id, startedAt: Timestamp(milliseconds: 1000),
                    durationSamples: 96_000, ladder: [])
                try await test.tell(.recordingCompleted(last), version: 1)
                while try await test.api.recordings(channelNamed: "radio").items.isEmpty {
                    try await Task.sleep(for: .milliseconds(2))
                }
                #expect(try await test.api.channel(named: "radio")?.streamId == "s2")
            }
        }
    }

    /// A recording that is removed is listed no more, also if the event that told of it comes late.
    @Test(arguments: DatabaseEngine.all)
    func removedRecordingsAreNotListed(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "")
            func recording(_ stream: String) -> Event {
                .recordingCompleted(
                    RecordingCompleted(
                        streamID: stream, channelID: channel.id, startedAt: test.now, durationSamples: 1, ladder: []))
            }
            try await test.service.subscribe()
            try await test.whileRunning { () async throws in
                try await test.tell(recording("s1"), version: 1)
                try await test.tell(
                    .recordingDeleted(RecordingDeleted(streamID: "s1", channelID: channel.id)), version: 2)
                try await test.tell(recording("s1"), version: 1)
                try await test.tell(recording("s2"), version: 1)
                while try await test.api.recordings(channelNamed: "radio").items.last?.id != "s2" {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(try await test.api.recordings(channelNamed: "radio").items.map(\.id) == ["s2"])
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func recordingsAreListedNewestFirst(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            try await test.service.subscribe()
            try await test.whileRunning { () async throws in
                for number in 1...5 {
                    let recording = RecordingCompleted(
                        streamID: "s\(number)", channelID: channel.id,
                        // Two began at the same moment.
                        startedAt: Timestamp(milliseconds: Int64(number / 2) * 1000), durationSamples: 72_000,
                        ladder: [])
                    try await test.tell(.recordingCompleted(recording), version: 1)
                }
                while try await test.api.recordings(channelNamed: "radio").items.count < 5 {
                    try await Task.sleep(for: .milliseconds(2))
                }
                var listed: [RecordingDocument] = []
                var cursor: String?
                repeat {
                    let page = try await test.api.recordings(
                        channelNamed: "radio", cursor: cursor, limit: 2, publicURL: "https://a.example")
                    listed += page.items
                    cursor = page.nextCursor
                } while cursor != nil
                #expect(listed.map(\.id) == ["s4", "s5", "s2", "s3", "s1"])
                #expect(listed[0].duration == 1.5)
                #expect(listed[0].hls == "https://a.example/hls/radio/recordings/s4/master.m3u8")
                await #expect(throws: AccountError.invalidCursor) {
                    try await test.api.recordings(channelNamed: "radio", cursor: "s99")
                }
                await #expect(throws: AccountError.unknownChannel("none")) {
                    try await test.api.recordings(channelNamed: "none")
                }
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func listenersOfAllProcessesAreSummed(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            try await test.service.subscribe()
            try await test.tell(.streamStarted(stream("s1", channel.id)), version: 1)
            for agent in ["a", "b", "a"] { try await test.beacon(from: "192.0.2.1", userAgent: agent) }
            try await test.whileRunning { () async throws in
                // The exclusive subscription begins with the run: what is counted is told until it is heard.
                _ = try await test.channel("radio") { $0.live }
                var document: ChannelDocument?
                repeat {
                    let counts = ListenersCounted(process: "origin-1", counts: [channel.id: 40, "99": 7])
                    try await test.tell(.listenersCounted(counts), version: 1)
                    document = try await test.api.channel(named: "radio")
                    try await Task.sleep(for: .milliseconds(20))
                } while document?.listeners != 42
                try await test.tell(
                    .listenersCounted(ListenersCounted(process: "origin-1", counts: [:])), version: 2)
                #expect(try await test.channel("radio") { $0.listeners == 2 }.live)
            }
            await #expect(throws: AccountError.unknownChannel("none")) {
                try await test.beacon(from: "192.0.2.1", channel: "none")
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aStreamWaitsWhileItsEncoderIsAway(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            try await test.service.subscribe()
            try await test.tell(.streamStarted(stream("s1", channel.id)), version: 1)
            try await test.whileRunning { () async throws in
                #expect(try await test.channel("radio") { $0.live }.waiting == false)
                // The exclusive subscription begins with the run: what is away is told until it is heard.
                var document: ChannelDocument?
                repeat {
                    try await test.tell(
                        .encodersAway(EncodersAway(process: "ingest-1", streamIDs: ["s0", "s1"])), version: 1)
                    document = try await test.api.channel(named: "radio")
                    try await Task.sleep(for: .milliseconds(20))
                } while document?.waiting != true
                #expect(document?.live == true)
                try await test.tell(.encodersAway(EncodersAway(process: "ingest-2", streamIDs: [])), version: 1)
                #expect(try await test.api.channel(named: "radio")?.waiting == true, "the other process's word")
                try await test.tell(.encodersAway(EncodersAway(process: "ingest-1", streamIDs: [])), version: 2)
                _ = try await test.channel("radio") { !$0.waiting }
            }
        }
    }
}
