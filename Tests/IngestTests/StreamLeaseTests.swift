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

/// Who has a stream is a matter of the database's clock, and nobody is taken for dead who had no chance to say he lives.
@Suite(.timeLimit(.minutes(20))) struct StreamLeaseTests {
    private static let holder = StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo")
    private static let lease = Duration.seconds(10)

    /// A process whose own clock is minutes fast, or slow.
    private func rows(_ test: IngestDatabase, owner: String, clockAheadBy offset: Duration) -> StreamRows {
        StreamRows(
            database: test.database, owner: owner, now: { Timestamp.systemClock().advanced(by: offset) })
    }

    @Test(arguments: DatabaseEngine.all, [Duration.seconds(600), .seconds(-600)])
    func aWrongClockTakesNothing(engine: DatabaseEngine, offset: Duration) async throws {
        try await IngestDatabase.with(engine) { test in
            let (right, wrong) = (
                rows(test, owner: "right", clockAheadBy: .zero), rows(test, owner: "wrong", clockAheadBy: offset)
            )
            let row = try await right.acquire(Self.holder, ladder: .standard, id: "s", lease: Self.lease)
            #expect(try await wrong.leftBehind(grace: .zero).isEmpty)
            let other = StreamKeyHolder(keyID: "2", channelID: "2", channelName: "other")
            _ = try await wrong.acquire(other, ladder: .standard, id: "t", lease: Self.lease)
            #expect(try await right.leftBehind(grace: .zero).isEmpty)
            #expect(try await wrong.renew(["t": 1], lease: .zero - .seconds(60)).isEmpty)
            #expect(try await right.leftBehind(grace: .seconds(30)).map(\.id) == ["t"])
            #expect(try await wrong.leftBehind(grace: .seconds(90)).isEmpty)
            #expect(row.owner == "right")
        }
    }

    @Test(arguments: DatabaseEngine.all) func allLeasesAreRenewedAtOnce(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
            var held: [String: UInt32] = [:]
            for number in 0..<21 {
                let channel = StreamKeyHolder(keyID: "", channelID: "\(number)", channelName: "c\(number)")
                let row = try await a.acquire(channel, ladder: .standard, id: "s\(number)", lease: Self.lease)
                held[row.id] = row.epoch
                if number == 3 {
                    _ = try await b.acquire(channel, ladder: .standard, id: "unused", lease: Self.lease)
                }
            }
            let forgotten = "s7"
            try await test.database.transaction {
                try $0.execute("DELETE FROM streams WHERE stream_id = ?", [.text(forgotten)])
            }
            test.advance(by: .seconds(8))
            #expect(try await a.renew(held, lease: Self.lease) == ["s3": .takenOver, forgotten: .forgotten])
            let expected = test.now.advanced(by: Self.lease)
            #expect(try await a.live().count { $0.leaseExpiresAt == expected } == 19)
            #expect(try await a.renew([:], lease: Self.lease).isEmpty)
        }
    }

    /// A database that was restored from an older state has no row, or an older epoch.
    @Test(arguments: DatabaseEngine.all) func whatWasForgottenIsWrittenAgain(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            let first = try await rows.acquire(Self.holder, ladder: .standard, id: "s", lease: Self.lease)
            let second = try await rows.acquire(Self.holder, ladder: .standard, id: "unused", lease: Self.lease)
            #expect(second.id == first.id && second.epoch == 2)
            // Nothing is forgotten.
            #expect(try await !rows.writeAgain(second, lease: Self.lease))
            try await test.database.transaction {
                try $0.execute("UPDATE streams SET epoch = 1, owner = 'before', ended_at = NULL")
            }
            #expect(try await rows.renew(["s": 2], lease: Self.lease) == ["s": .forgotten])
            #expect(try await rows.writeAgain(second, lease: Self.lease))
            #expect(try await rows.renew(["s": 2], lease: Self.lease).isEmpty)
            try await test.database.transaction { try $0.execute("DELETE FROM streams") }
            #expect(try await rows.writeAgain(second, lease: Self.lease))
            #expect(try await rows.live().map(\.epoch) == [2])
            // Another stream of the channel stays.
            try await test.database.transaction { try $0.execute("DELETE FROM streams") }
            _ = try await test.rows(owner: "b").acquire(Self.holder, ladder: .standard, id: "t", lease: Self.lease)
            #expect(try await !rows.writeAgain(second, lease: Self.lease))
            #expect(try await rows.live().map(\.id) == ["t"])
        }
    }

    @Test func answersCountFromTheLastBreak() {
        var answers = UnbrokenAnswers(longestPause: .seconds(10))
        let start = ContinuousClock.now
        func note(_ answered: Bool, _ second: Int) -> Duration {
            answers.note(answered: answered, at: start + .seconds(second))
        }
        #expect(note(true, 0) == .zero)
        #expect(note(true, 9) == .seconds(9))
        #expect(note(false, 12) == .zero)
        #expect(note(true, 15) == .zero)
        #expect(note(true, 24) == .seconds(9))
        // The process itself was frozen.
        #expect(note(true, 60) == .zero)
        #expect(note(true, 61) == .seconds(1))
    }

    /// Behind an outage of the database all leases have run out. The first to come back leaves the others time for theirs,
    /// and ends only what nobody has renewed then.
    @Test(arguments: [DatabaseEngine.postgresql])
    func othersHaveTimeToRenew(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let other = rows(test, owner: "other", clockAheadBy: .zero)
            for number in 1...2 {
                let channel = StreamKeyHolder(keyID: "", channelID: "\(number)", channelName: "c\(number)")
                _ = try await other.acquire(
                    channel, ladder: .standard, id: "s\(number)", lease: .zero - .seconds(100))
            }
            var settings = IngestSettings()
            (settings.lease, settings.grace, settings.leaseRenewal) = (.seconds(1), .seconds(1), .milliseconds(100))
            let bus = InProcessMessageBus()
            let streams = LiveStreams(
                rows: rows(test, owner: "here", clockAheadBy: .zero), bus: bus, settings: settings,
                metrics: IngestMetrics(MetricsRegistry()), logger: Logger(label: "test"), relay: {})
            let began = ContinuousClock.now
            let running = Task { try await streams.run() }
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await other.live().count == 2)
            #expect(try await other.renew(["s1": 1], lease: .seconds(60)).isEmpty)
            while try await other.live().count == 2 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(ContinuousClock.now - began >= .seconds(2))
            #expect(try await other.live().map(\.id) == ["s1"])
            running.cancel()
            _ = await running.result
            await streams.shutDown()
            await bus.shutdown()
        }
    }

    /// A server on whose stream an encoder is on the air.
    private func withPush(
        _ test: IngestDatabase, _ body: (LiveStreams, Push, StreamRows) async throws -> Void
    ) async throws {
        var settings = IngestSettings()
        settings.leaseRenewal = .milliseconds(100)
        let bus = InProcessMessageBus()
        let rows = rows(test, owner: "here", clockAheadBy: .zero)
        let streams = LiveStreams(
            rows: rows, bus: bus, settings: settings, metrics: IngestMetrics(MetricsRegistry()),
            logger: Logger(label: "test"), relay: {})
        let push = Push(
            holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"), onClose: { _ in })
        push.configured(CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 2))
        let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x94, 0x00] + [UInt8](repeating: 0, count: 380))
        for number in 0..<40 {
            push.packet(frame, timestamp: MediaTimestamp(nanoseconds: Int64(number) * 24_000_000))
        }
        while await streams.stream(ofChannel: "1") == nil { try await Task.sleep(for: .milliseconds(10)) }
        try await body(streams, push, rows)
        await streams.shutDown()
        await bus.shutdown()
    }

    /// Renews leases while `body` runs.
    private func renewing(_ streams: LiveStreams, _ body: () async throws -> Void) async throws {
        let running = Task { try await streams.run() }
        try await body()
        running.cancel()
        _ = await running.result
    }

    /// The row of a stream that is on the air here vanishes: it is written again, and the encoder does not notice.
    @Test(arguments: DatabaseEngine.all) func aVanishedRowComesBack(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await withPush(test) { streams, _, rows in
                let before = try #require(try await rows.live().first)
                try await test.database.transaction { try $0.execute("DELETE FROM streams") }
                try await renewing(streams) {
                    while try await rows.live().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
                }
                let after = try #require(try await rows.live().first)
                #expect(after.id == before.id && after.epoch == before.epoch && after.startedAt == before.startedAt)
                #expect(await streams.stream(ofChannel: "1")?.isPushed == true)
            }
        }
    }

    /// It vanishes in the moment in which the encoder says goodbye: the stream is over all the same.
    @Test(arguments: DatabaseEngine.all) func aVanishedStreamEnds(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await withPush(test) { streams, push, rows in
                try await test.database.transaction { try $0.execute("DELETE FROM streams") }
                push.ended()
                while await streams.stream(ofChannel: "1") != nil { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await rows.live().isEmpty)
                #expect(try await test.topics().last == "stream.ended")
            }
        }
    }

    /// The row has vanished, and another server has begun a stream of the channel: this one ends, and its log may.
    @Test(arguments: DatabaseEngine.all) func whatWasForgottenGivesWay(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            try await withPush(test) { streams, _, rows in
                let stream = try #require(await streams.stream(ofChannel: "1"))
                try await test.database.transaction { try $0.execute("DELETE FROM streams") }
                let other = try await self.rows(test, owner: "there", clockAheadBy: .zero).acquire(
                    Self.holder, ladder: .standard, id: "other", lease: Self.lease)
                try await renewing(streams) {
                    while await streams.stream(ofChannel: "1") != nil { try await Task.sleep(for: .milliseconds(20)) }
                }
                #expect(stream.hasEnded && stream.mayEnd && !stream.isPushed)
                #expect(try await rows.live().map(\.id) == [other.id])
            }
        }
    }
}
