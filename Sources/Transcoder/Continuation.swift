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
    /// A slot that workers died of: it becomes silence.
    var poisonedSlot: Int64?

    /// With an empty log: one past what the store has.
    init(nextMediaSequence: UInt64, discontinuitySequence: UInt64) {
        firstMediaSequence = nextMediaSequence
        self.discontinuitySequence = discontinuitySequence
    }

    /// Behind the newest bundle of the log.
    init(after bundle: MediaBundle, nowPlaying: NowPlaying, isPoisoned: Bool) {
        epoch = bundle.epoch
        let slot = bundle.position / Timeline.slotSamples
        nextSlot = slot + 1
        firstMediaSequence = bundle.mediaSequence - UInt64(slot / Timeline.slotsPerSegment)
        discontinuitySequence = bundle.discontinuitySequence
        self.nowPlaying = nowPlaying
        poisonedSlot = isPoisoned ? nextSlot : nil
    }
}
