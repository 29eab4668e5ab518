import AudioTimeline
import NIOCore
import Testing

struct MediaLogFilterTests {
    private func bundle(_ generation: UInt32, _ slot: Int64, epoch: UInt32 = 1) -> MediaLogEntry {
        .bundle(
            MediaBundle(
                generation: generation, epoch: epoch, mediaSequence: UInt64(slot / 10), discontinuitySequence: 0,
                part: UInt8(slot % 10), position: slot * 9216, durationSamples: 9216, isLastOfSegment: false,
                segmentDateMicroseconds: 0, nowPlaying: nil, levels: [], setups: [], parts: []))
    }

    /// The first fence of a number wins; what older generations say after it is void.
    @Test func frozenWorkersHaveNoSay() {
        var filter = MediaLogFilter()
        #expect(filter.accept(.fence(generation: 1, worker: "a")) != nil)
        #expect(filter.accept(bundle(1, 0)) != nil)
        #expect(filter.accept(.fence(generation: 2, worker: "b")) != nil)
        #expect(filter.accept(.fence(generation: 2, worker: "c")) == nil)
        #expect(filter.worker == "b" && filter.generation == 2)
        #expect(filter.accept(bundle(1, 1)) == nil)
        #expect(filter.accept(.end(generation: 1)) == nil)
        #expect(filter.accept(bundle(2, 1)) != nil)
        #expect(filter.accept(.fence(generation: 1, worker: "a")) == nil)
        #expect(!filter.hasEnded)
        #expect(filter.accept(.end(generation: 2)) != nil)
        #expect(filter.hasEnded)
        #expect(filter.accept(bundle(2, 2)) == nil)
        #expect(filter.accept(.end(generation: 2)) == nil)
    }

    /// Logs forget: a reader that begins, or falls, behind a fence takes the entries after it for it.
    @Test func aFenceThatFellOutOfTheLogIsNotMissed() {
        var filter = MediaLogFilter()
        #expect(filter.accept(bundle(4, 700)) != nil)
        #expect(filter.generation == 4 && filter.worker == "")
        #expect(filter.accept(bundle(3, 701)) == nil)
        #expect(filter.accept(.fence(generation: 4, worker: "late")) == nil)
        // What it missed while it was behind were the fence of another worker and some bundles.
        #expect(filter.accept(bundle(6, 900)) != nil)
        #expect(filter.accept(bundle(5, 901)) == nil)
        #expect(filter.accept(bundle(4, 902)) == nil)
        #expect(filter.accept(.fence(generation: 7, worker: "b")) != nil)
        #expect(filter.generation == 7 && filter.worker == "b")
        #expect(filter.accept(.end(generation: 6)) == nil)
        #expect(filter.accept(.end(generation: 8)) != nil)
    }

    /// A slot counts once, and older epochs not at all.
    @Test func nothingGoesBack() {
        var filter = MediaLogFilter()
        _ = filter.accept(.fence(generation: 1, worker: "a"))
        #expect(filter.accept(bundle(1, 5)) != nil)
        #expect(filter.accept(bundle(1, 5)) == nil)
        #expect(filter.accept(bundle(1, 4)) == nil)
        #expect(filter.accept(bundle(1, 0, epoch: 2)) != nil)
        #expect(filter.accept(bundle(1, 6)) == nil)
        #expect(filter.newest?.epoch == 2)
    }

    /// Fences without a bundle between them tell that workers die of a slot; the third writes it, and all remember it.
    @Test func slotsThatWorkersDieOfAreKnown() {
        var filter = MediaLogFilter()
        _ = filter.accept(.fence(generation: 1, worker: "a"))
        _ = filter.accept(bundle(1, 0))
        #expect(!filter.isNextSlotPoisoned)
        _ = filter.accept(.fence(generation: 2, worker: "b"))
        _ = filter.accept(.fence(generation: 2, worker: "late"))
        _ = filter.accept(bundle(1, 1))
        #expect(!filter.isNextSlotPoisoned)
        _ = filter.accept(.fence(generation: 3, worker: "c"))
        #expect(filter.isNextSlotPoisoned)
        _ = filter.accept(.fence(generation: 4, worker: "d"))
        #expect(filter.poisonedSlots.isEmpty)
        _ = filter.accept(bundle(4, 1))
        _ = filter.accept(bundle(4, 2))
        #expect(!filter.isNextSlotPoisoned)
        #expect(filter.poisonedSlots == [PoisonedSlot(epoch: 1, position: 9216)])
    }

    /// Also a packet behind the slot may be the one: encoder and resampler look ahead.
    @Test func aPoisonedSlotHoldsWhatWasDecodedForIt() {
        let slot = PoisonedSlot(epoch: 2, position: 9216)
        #expect(slot.holds(9216..<10_240, epoch: 2) && slot.holds(9000..<9217, epoch: 2))
        #expect(slot.holds(18_432 + 2047..<18_432 + 3071, epoch: 2))
        #expect(!slot.holds(9216..<10_240, epoch: 1))
        #expect(!slot.holds(8192..<9216, epoch: 2) && !slot.holds(20_600..<21_624, epoch: 2))
    }
}

struct LadderTests {
    @Test func laddersAreReadAndWritten() throws {
        let ladder = try Ladder(parsing: "flac,opus:96,aac:64,aac:320")
        // AAC first, for players that take the first that they can play.
        #expect(ladder.text == "aac:64,aac:320,flac,opus:96")
        #expect(ladder.renditions.map(\.name) == ["aac-64", "aac-320", "flac", "opus-96"])
        #expect(ladder.partTargetSamples == 9600)
        #expect(try Ladder(parsing: ladder.text) == ladder)
        #expect(Ladder.standard.text == "aac:64,aac:128,aac:256")
        #expect(Ladder.standard.partTargetSamples == 9216)
    }

    @Test(arguments: [
        ("", Ladder.ParseError.empty), (",,", .empty), ("mp3:128", .unknownFormat("mp3:128")),
        (" aac:64", .unknownFormat(" aac:64")), ("aac", .badRate("aac")), ("aac:", .badRate("aac:")),
        ("aac:31", .badRate("aac:31")), ("aac:321", .badRate("aac:321")), ("aac:-64", .badRate("aac:-64")),
        ("aac:64:2", .badRate("aac:64:2")), ("aac:99999999999999999999", .badRate("aac:99999999999999999999")),
        ("opus:23,aac:64", .badRate("opus:23")), ("flac:1,aac:64", .badRate("flac:1")),
        ("aac:64,aac:64", .repeated("aac:64")), ("opus:96,flac", .withoutAAC),
    ])
    func wrongLaddersAreExplained(text: String, error: Ladder.ParseError) {
        #expect(throws: error) { try Ladder(parsing: text) }
        #expect(!error.description.isEmpty)
    }
}

struct NowPlayingTests {
    @Test(arguments: [
        ("Björk - Jóga", "Björk", "Jóga"), ("A - B - C", "A", "B - C"), ("Only a title", "", "Only a title"),
        ("Up-tempo", "", "Up-tempo"), (" - Title", "", " - Title"), ("", "", ""), ("Artist - ", "Artist", ""),
    ])
    func streamTitlesAreSplit(text: String, artist: String, title: String) {
        #expect(NowPlaying(streamTitle: text) == NowPlaying(title: title, artist: artist))
    }
}
