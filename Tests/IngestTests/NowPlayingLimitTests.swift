import AudioTimeline
import DatabaseTesting
import Events
import Logging
import MessageBus
import NIOCore
import Persistence
import Telemetry
import Testing

@testable import Ingest

struct NowPlayingLimitTests {
    private static let second: Int64 = 1_000_000_000

    private func song(_ title: String) -> NowPlaying { NowPlaying(title: title, artist: "A") }

    /// The first change goes at once, then one in two seconds, and the last one told is never lost.
    @Test func oneChangeInTwoSecondsAndTheLastOneWins() {
        var limit = NowPlayingLimit(published: .nothing)
        var told: [(Int64, String)] = []
        for step: Int64 in 0..<100 {
            let now = step * Self.second / 20
            if let playing = limit.told(song("\(step)"), at: now) { told.append((now, playing.title)) }
        }
        #expect(told.map(\.1) == ["0", "40", "80"])
        #expect(limit.wake == 6 * Self.second)
        #expect(limit.due(at: 6 * Self.second - 1) == nil)
        #expect(limit.due(at: 6 * Self.second) == song("99"))
        #expect(limit.due(at: 60 * Self.second) == nil && limit.wake == nil)
    }

    /// What others know already is not told again, also when something else was told and taken back in between.
    @Test func whatIsKnownIsNotToldAgain() {
        var limit = NowPlayingLimit(published: .nothing)
        #expect(limit.told(.nothing, at: 0) == nil)
        #expect(limit.told(song("1"), at: 0) == song("1"))
        #expect(limit.told(song("1"), at: 5 * Self.second) == nil)
        #expect(limit.told(song("2"), at: 5 * Self.second) == song("2"))
        #expect(limit.told(song("1"), at: 6 * Self.second) == nil)
        #expect(limit.told(song("2"), at: 6 * Self.second) == nil)
        #expect(limit.due(at: 60 * Self.second) == nil)
        var unknown = NowPlayingLimit(published: nil)
        #expect(unknown.told(.nothing, at: 0) == .nothing)
    }

    /// What waits when the encoder ends the stream goes into the recording all the same.
    @Test func whatWaitsAtTheEndIsNotLost() {
        var limit = NowPlayingLimit(published: .nothing)
        _ = limit.told(song("1"), at: 0)
        _ = limit.told(song("2"), at: 1)
        #expect(limit.flush(at: 2) == song("2"))
        #expect(limit.flush(at: 3) == nil)
    }

    /// A song without tags clears those of the one before, but not what was told beside the audio.
    @Test func songsWithoutTagsClearOnlyTags() {
        func title(_ text: String, _ source: TitleSource) -> Title {
            Title(nowPlaying: NowPlaying(title: text), source: source)
        }
        var shown = Title.unknown
        func tell(_ text: String, _ source: TitleSource) -> String {
            let counts = shown.replace(with: title(text, source))
            return (counts ? "" : "not ") + shown.nowPlaying.title
        }
        #expect(tell("tag", .container) == "tag")
        #expect(tell("", .container) == "")
        #expect(tell("told", .request) == "told")
        #expect(tell("", .container) == "not told")
        #expect(tell("", .request) == "")
        #expect(tell("tag", .container) == "tag")
        _ = shown.replace(with: Title(nowPlaying: NowPlaying(title: "", artist: "Bob"), source: .container))
        #expect(shown.nowPlaying == NowPlaying(title: "", artist: "Bob"))
    }

    /// A stream that is told what it plays, in every way that there is.
    private func withStream(
        _ engine: DatabaseEngine, _ body: (IngestDatabase, LiveStreams, Push, InProcessMessageBus) async throws -> Void
    ) async throws {
        try await IngestDatabase.with(engine) { database in
            let bus = InProcessMessageBus()
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: IngestSettings(),
                metrics: IngestMetrics(MetricsRegistry()), logger: Logger(label: "test"), relay: {})
            let holder = StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo")
            let push = Push(
                holder: holder, place: streams.places.enter(holder), origin: "test", streams: streams,
                logger: Logger(label: "test"), onClose: { _ in })
            push.configured(CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 2))
            try await body(database, streams, push, bus)
            await streams.shutDown()
            await bus.shutdown()
        }
    }

    private static let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x94, 0x00] + [UInt8](repeating: 0, count: 380))

    private func titles(_ database: IngestDatabase) async throws -> [String] {
        try await database.database.read { connection in
            try connection.query("SELECT envelope FROM outbox WHERE topic = 'nowPlaying.changed' ORDER BY position")
                .map { row in
                    let envelope: [UInt8] = try row["envelope"]
                    guard
                        case .event(.nowPlayingChanged(let changed)) = try EventEnvelope(decoding: envelope)
                            .decodeEvent()
                    else { return "?" }
                    return changed.title
                }
        }
    }

    /// Thousands of changes leave one row behind, the last, and a handful of entries in the log.
    @Test(arguments: DatabaseEngine.all)
    func aFloodOfTitlesLeavesTheLast(engine: DatabaseEngine) async throws {
        try await withStream(engine) { database, streams, push, bus in
            push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: 0))
            while await streams.stream(ofChannel: "1") == nil { try await Task.sleep(for: .milliseconds(5)) }
            let stream = try #require(await streams.stream(ofChannel: "1"))
            let start = ContinuousClock.now
            var told = 0
            while ContinuousClock.now - start < .seconds(3) {
                for _ in 0..<500 {
                    told += 1
                    push.nowPlaying(NowPlaying(title: "tag \(told)"), from: .container)
                    #expect(await streams.told(NowPlaying(title: "request \(told)"), channelID: "1"))
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(await streams.told(NowPlaying(title: "last"), channelID: "1"))
            while try await titles(database) != ["last"] {
                #expect(try await titles(database).count <= 1)
                try await Task.sleep(for: .milliseconds(20))
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            push.ended()
            try await bus.publish(ByteBuffer(string: "end"), to: Topology.source(stream.id))
            let consumer = try await bus.consume(Topology.source(stream.id), prefetch: 10_000)
            var items = 0
            while let delivery = try await consumer.next(), delivery.payload != ByteBuffer(string: "end") {
                for case .nowPlaying in try SourceBatch(decoding: delivery.payload).items { items += 1 }
            }
            #expect(told >= 500)
            #expect(items >= 2 && Double(items) <= seconds / 2 + 1, "\(items) entries in \(seconds) s")
        }
    }

    /// Encoders tell the first song between the answer and the audio: it waits with the push.
    @Test(arguments: DatabaseEngine.all)
    func theFirstSongWaitsForTheAudio(engine: DatabaseEngine) async throws {
        try await withStream(engine) { database, streams, push, _ in
            #expect(await !streams.told(NowPlaying(title: "x"), channelID: "2"))
            #expect(await streams.told(NowPlaying(title: "Old", artist: "Artist"), channelID: "1"))
            #expect(await streams.told(NowPlaying(title: "Song", artist: "Artist"), channelID: "1"))
            // Its container has no tags, and says so.
            push.nowPlaying(.nothing, from: .container)
            #expect(try await titles(database).isEmpty)
            push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: 0))
            while try await titles(database) != ["Song"] { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Titles that come while the database opens the stream take no memory.
    @Test(arguments: DatabaseEngine.all)
    func titlesThatComeWhileTheStreamOpensAreOne(engine: DatabaseEngine) async throws {
        try await withStream(engine) { database, streams, push, _ in
            push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: 0))
            for number in 0..<10_000 { push.nowPlaying(NowPlaying(title: "\(number)"), from: .container) }
            while try await titles(database) != ["9999"] { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}
