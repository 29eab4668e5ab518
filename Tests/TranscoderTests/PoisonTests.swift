import AudioTimeline
import FFmpeg
import Testing

@testable import Transcoder

/// Packets that kill whoever decodes them.
struct PoisonTests {
    /// The third worker takes the slot as silence, and goes on; one that comes after it, and warms up with the same
    /// packets, leaves them out too and comes to the same samples.
    @Test func aPoisonedSlotIsSilentForEverybody() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.flac(seconds: 5))
        maker.end()
        let whole = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches).bundles
        var afterDeath = Continuation(after: whole[9], nowPlaying: .nothing)
        afterDeath.isNextSlotPoisoned = true
        let third = try await transcode(maker.batches, afterDeath)
        #expect(third.first?.position == Int64(10 * 9216))
        let unharmed = try Played(whole).decoded("flac", .flac)
        let sound = try Played(third).decoded("flac", .flac)
        #expect(sound.frameCount + 10 * 9216 == unharmed.frameCount)
        #expect(sound.left[..<9216].allSatisfy { $0 == 0 } && sound.right[..<9216].allSatisfy { $0 == 0 })
        // What the encoder's look-ahead needed is lost with it, in whole packets and batches.
        let resumed = 9216 + 9216
        #expect(sound.left[resumed...] == unharmed.left[(10 * 9216 + resumed)...])
        var afterThird = Continuation(after: third[1], nowPlaying: .nothing)
        afterThird.poisonedSlots = [PoisonedSlot(epoch: 1, position: 10 * 9216)]
        let fourth = try await transcode(maker.batches, afterThird)
        #expect(fourth.map(\.parts).map { $0[1] } == third[2...].map(\.parts).map { $0[1] })
    }

    /// Nothing was ever delivered: it is the first slot.
    @Test func aStreamMayBeginWithPoison() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.flac(seconds: 2))
        maker.end()
        var atStart = Continuation(nextMediaSequence: 0, discontinuitySequence: 0)
        atStart.isNextSlotPoisoned = true
        let bundles = try await transcode(maker.batches, atStart)
        #expect(bundles.first?.position == Int64(0))
        let sound = try Played(bundles).decoded("flac", .flac)
        #expect(sound.left[..<9216].allSatisfy { $0 == 0 })
        #expect(sound.left[(2 * 9216)...].contains { $0 != 0 })
    }

    private func transcode(_ batches: [SourceBatch], _ continuation: Continuation) async throws -> [MediaBundle] {
        let transcoder = StreamTranscoder(
            ladder: try Ladder(parsing: "aac:64,flac"), continuation: continuation, thread: CodecThread(name: "test"))
        return try await transcoder.transcode(all: batches).bundles
    }
}
