import AudioTimeline
import DatabaseTesting
import Events
import Persistence
import Testing

@testable import Ingest

struct StreamRowsTests {
    private let channel = StreamKeyHolder(keyID: "1", channelID: "7", channelName: "demo")
    private let lease = Duration.seconds(10)

    /// A stream begins in epoch 1; whoever takes it over goes on with it in the next, and the loser's lease is gone.
    @Test(arguments: DatabaseEngine.all)
    func takeoverIsANewEpoch(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
            let first = try await a.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            #expect(first.epoch == 1 && first.id == "s1" && first.owner == "a")
            #expect(first.leaseExpiresAt == test.now.advanced(by: lease))
            #expect(try await a.renew(["s1": 1], lease: lease).isEmpty)
            #expect(try await b.renew(["s1": 1], lease: lease) == ["s1": .takenOver])
            let second = try await b.acquire(channel, ladder: .standard, id: "s2", lease: lease)
            #expect(second.id == "s1" && second.epoch == 2 && second.owner == "b")
            #expect(second.startedAt == first.startedAt)
            #expect(try await a.renew(["s1": 1], lease: lease) == ["s1": .takenOver])
            #expect(try await b.renew(["s1": 2], lease: lease).isEmpty)
            #expect(try await a.live().map(\.epoch) == [2])
            #expect(try await test.topics().count == 2)
        }
    }

    /// Of many that want the same channel at once each gets an epoch of its own, and only the last has the lease.
    @Test(arguments: DatabaseEngine.all)
    func competitorsGetDifferentEpochs(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let channel = channel
            let rows = try await withThrowingTaskGroup(of: StreamRow.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await test.rows(owner: "o\(number)").acquire(
                            channel, ladder: .standard, id: "s\(number)", lease: .seconds(10))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(rows.map(\.epoch).sorted() == Array(1...8))
            #expect(Set(rows.map(\.id)).count == 1)
            var winners = 0
            for row in rows
            where try await test.rows(owner: row.owner).renew([row.id: row.epoch], lease: lease).isEmpty {
                winners += 1
                #expect(row.epoch == 8)
            }
            #expect(winners == 1)
        }
    }

    /// Renewing moves the lease on from the present.
    @Test(arguments: DatabaseEngine.all)
    func renewalMovesTheLease(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            _ = try await rows.acquire(channel, ladder: .standard, id: "s", lease: lease)
            test.advance(by: .seconds(8))
            #expect(try await rows.renew(["s": 1], lease: lease).isEmpty)
            #expect(try await rows.live().map(\.leaseExpiresAt) == [test.now.advanced(by: lease)])
        }
    }

    /// The end is told once; the next push begins another stream.
    @Test(arguments: DatabaseEngine.all)
    func endIsToldOnce(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            let row = try await rows.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            try await rows.end(row)
            try await rows.end(row)
            #expect(try await rows.live().isEmpty)
            #expect(try await rows.renew(["s1": 1], lease: lease) == ["s1": .takenOver])
            #expect(try await test.topics().count == 2)
            let next = try await rows.acquire(channel, ladder: .standard, id: "s2", lease: lease)
            #expect(next.id == "s2" && next.epoch == 1)
        }
    }

    /// An encoder that is back before its stream was ended keeps it: what was read before does not hold any more.
    @Test(arguments: DatabaseEngine.all)
    func whatIsBackIsNotLeftBehind(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
            _ = try await a.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            test.advance(by: .seconds(60))
            let seen = try #require(try await b.live().first)
            let back = try await a.acquire(channel, ladder: .standard, id: "s2", lease: lease)
            #expect(back.id == "s1" && back.epoch == 2)
            #expect(try await b.endLeftBehind(seen) == nil)
            #expect(try await !b.end(seen))
            #expect(try await b.live().map(\.epoch) == [2])
            #expect(try await a.renew(["s1": 2], lease: lease).isEmpty)
            #expect(try await test.topics().filter { $0 == "stream.ended" }.isEmpty)
        }
    }

    /// A server that was only slow has renewed its lease: its stream is not left behind either.
    @Test(arguments: DatabaseEngine.all)
    func whatIsRenewedIsNotLeftBehind(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
            _ = try await a.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            test.advance(by: .seconds(60))
            let seen = try #require(try await b.live().first)
            #expect(try await a.renew(["s1": 1], lease: lease).isEmpty)
            #expect(try await b.endLeftBehind(seen) == nil)
            #expect(try await a.live().count == 1)
        }
    }

    /// One that is ended first is another stream for the encoder that comes back.
    @Test(arguments: DatabaseEngine.all)
    func whatWasLeftBehindIsEndedOnce(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
            _ = try await a.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            test.advance(by: .seconds(60))
            let seen = try #require(try await b.live().first)
            let ended = try #require(try await b.endLeftBehind(seen))
            #expect(ended.id == "s1" && ended.epoch == 2 && ended.owner == "b")
            #expect(try await b.endLeftBehind(seen) == nil)
            let next = try await a.acquire(channel, ladder: .standard, id: "s2", lease: lease)
            #expect(next.id == "s2" && next.epoch == 1)
            #expect(try await test.topics().filter { $0 == "stream.ended" }.count == 1)
        }
    }

    /// Whoever comes first, an encoder that was let on the air stays there, in an epoch that is nobody else's.
    @Test(arguments: DatabaseEngine.all)
    func endAndReturnInTheSameMoment(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let channel = channel
            for round in 0..<40 {
                let (a, b) = (test.rows(owner: "a"), test.rows(owner: "b"))
                let old = try await a.acquire(channel, ladder: .standard, id: "old\(round)", lease: lease)
                test.advance(by: .seconds(60))
                async let ended = b.endLeftBehind(old)
                async let back = a.acquire(channel, ladder: .standard, id: "new\(round)", lease: lease)
                let (taken, row) = try await (ended, back)
                #expect(try await a.live().map(\.id) == [row.id])
                #expect(try await a.renew([row.id: row.epoch], lease: lease).isEmpty)
                #expect((taken == nil) == (row.id == old.id))
                try await a.end(row)
            }
        }
    }

    /// Renditions cannot change within a stream: with another ladder the old one ends and a new one begins.
    @Test(arguments: DatabaseEngine.all)
    func otherLadderIsAnotherStream(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            _ = try await rows.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            let next = try await rows.acquire(channel, ladder: try Ladder(parsing: "aac:96"), id: "s2", lease: lease)
            #expect(next.id == "s2" && next.epoch == 1 && next.ladder == "aac:96")
            #expect(try await rows.live().map(\.id) == ["s2"])
            #expect(try await test.topics().count == 3)
        }
    }

    @Test func streamIDsAreInOrder() {
        let early = StreamID.make(at: Timestamp(milliseconds: 1_700_000_000_000))
        let late = StreamID.make(at: Timestamp(milliseconds: 1_700_000_000_001))
        #expect(early.utf8.count == 15 && early < late)
        #expect(Set((0..<1000).map { _ in StreamID.make(at: Timestamp(milliseconds: 5)) }).count > 990)
    }

    /// A replay tells the present state of every stream, so that a projection can be made anew from it.
    @Test(arguments: DatabaseEngine.all)
    func aReplayTellsEveryStreamOnce(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { test in
            let rows = test.rows(owner: "a")
            let over = try await rows.acquire(channel, ladder: .standard, id: "s1", lease: lease)
            try await rows.end(over)
            _ = try await rows.acquire(channel, ladder: .standard, id: "s2", lease: lease)
            let before = try await test.topics().count
            let now = test.now
            let count = try await test.database.transaction { try StreamRows.replay(at: now, in: $0) }
            #expect(count == 2)
            let replayed = try await test.topics().dropFirst(before)
            #expect(Array(replayed) == ["stream.ended", "stream.changed"])
        }
    }
}
