import AudioTimeline

/// Where a worker takes a stream up.
struct Continuation: Sendable, Equatable {
    /// The epoch that was being written; nil when nothing is in the log.
    var epoch: UInt32?
    /// First slot of that epoch that is still missing.
    var nextSlot: Int64 = 0
    /// Media sequence number of the epoch's first segment; of the next epoch's when `epoch` is nil.
    var firstMediaSequence: UInt64 = 0
    var discontinuitySequence: UInt64 = 0
    var nowPlaying = NowPlaying.nothing
    /// How many AAC frames before `nextSlot` are encoded, so that the encoders come to the state of their predecessors.
    var warmUpFrames = wholeWarmUp
    /// Whether the renditions are warmed up on threads of their own; see ``WarmUp``.
    var warmsUpSideBySide = true
    /// With so many a seam at 256 kbit/s cannot be told from an uninterrupted encode (SeamTests); the queue keeps them.
    static let wholeWarmUp: Int64 = 40
    /// Fewer would click.
    static let leastWarmUp: Int64 = 12

    /// How many of them are enough for the rendition's encoder. Below 192 kbit/s more than 16 hardly bring a seam
    /// nearer to none (SeamTests, tried up to 32): two encoders with other pasts spend their bits differently for good.
    static func enoughWarmUp(for rendition: Rendition) -> Int64 {
        rendition.bitRate < 192_000 ? 16 : wholeWarmUp
    }

    /// Workers died of the slot that comes next: until it is written, the source is taken as silence.
    var isNextSlotPoisoned = false
    /// Those of the past, which may lie in the pre-roll.
    var poisonedSlots: [PoisonedSlot] = []

    /// With an empty log: one past what the store has.
    init(nextMediaSequence: UInt64, discontinuitySequence: UInt64) {
        firstMediaSequence = nextMediaSequence
        self.discontinuitySequence = discontinuitySequence
    }

    /// Behind the newest bundle of the log.
    init(after bundle: MediaBundle, nowPlaying: NowPlaying) {
        epoch = bundle.epoch
        let slot = bundle.position / Timeline.slotSamples
        nextSlot = slot + 1
        firstMediaSequence = bundle.mediaSequence - UInt64(slot / Timeline.slotsPerSegment)
        discontinuitySequence = bundle.discontinuitySequence
        self.nowPlaying = nowPlaying
    }

    /// Takes the stream up behind all that was written, in a new epoch: with the next media sequence number.
    mutating func goOn(nextMediaSequence: UInt64, discontinuitySequence: UInt64) {
        epoch = nil
        nextSlot = 0
        firstMediaSequence = nextMediaSequence
        self.discontinuitySequence = discontinuitySequence
    }
}
