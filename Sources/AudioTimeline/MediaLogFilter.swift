/// Decides what in the log `media.<stream>` counts.
///
/// The first fence of a number wins, and entries of older generations after it are void; so a worker that froze and
/// wakes up has no say, and every reader comes to the same stream. A worker only speaks after its fence, so an entry of a
/// generation above all fences that were read tells that its fence fell out of the log, and stands for it.
public struct MediaLogFilter: Sendable {
    /// The highest generation so far, and who won it; 0 before the first entry, "" where the fence was not read.
    public private(set) var generation: UInt32 = 0
    public private(set) var worker = ""
    /// The newest bundle that counted.
    public private(set) var newest: MediaBundle?
    public private(set) var hasEnded = false
    /// Whether the two workers before died of the slot that comes next: whoever writes it takes the source as silence.
    public var isNextSlotPoisoned: Bool { fencesSinceBundle >= 2 }
    /// Slots that were written as silence because workers died of them, oldest first. A successor whose pre-roll they lie
    /// in must not decode their packets either.
    public private(set) var poisonedSlots: [PoisonedSlot] = []
    private var fencesSinceBundle = 0
    /// A pre-roll is shorter than so many slots.
    private static let rememberedSlots = 32

    public init() {}

    /// - Returns: the entry when it counts, nil when it is void.
    public mutating func accept(_ entry: MediaLogEntry) -> MediaLogEntry? {
        switch entry {
        case .fence(let generation, let worker):
            guard generation > self.generation else { return nil }
            self.generation = generation
            self.worker = worker
            fencesSinceBundle += 1
        case .bundle(let bundle):
            guard bundle.generation >= generation, !hasEnded else { return nil }
            raise(to: bundle.generation)
            if let newest, !bundle.follows(newest) { return nil }
            newest = bundle
            // The third is that of the worker that wrote it.
            if fencesSinceBundle >= 3 {
                poisonedSlots.append(PoisonedSlot(epoch: bundle.epoch, position: bundle.position))
                if poisonedSlots.count > Self.rememberedSlots { poisonedSlots.removeFirst() }
            }
            fencesSinceBundle = 0
        case .end(let generation):
            guard generation >= self.generation, !hasEnded else { return nil }
            raise(to: generation)
            hasEnded = true
        }
        return entry
    }

    /// The broker lost the log, and workers count their fences from the start again. What was announced stays.
    public mutating func logWasMadeAnew() {
        generation = 0
        worker = ""
        fencesSinceBundle = 0
    }

    private mutating func raise(to generation: UInt32) {
        guard generation > self.generation else { return }
        self.generation = generation
        worker = ""
    }
}

/// A slot with a packet that kills its decoder.
public struct PoisonedSlot: Sendable, Hashable {
    public var epoch: UInt32
    /// Where it begins on the 48 kHz clock.
    public var position: Int64

    public init(epoch: UInt32, position: Int64) {
        self.epoch = epoch
        self.position = position
    }

    /// Whether a packet may be the one: any that had to be decoded before the slot could be delivered.
    public func holds(_ packet: Range<Int64>, epoch: UInt32) -> Bool {
        epoch == self.epoch && packet.upperBound > position
            && packet.lowerBound < position + Timeline.slotSamples + BatchCutter.longestLookAhead
    }
}

extension MediaBundle {
    /// Whether the bundle lies behind `other` on the clock.
    public func follows(_ other: MediaBundle) -> Bool {
        epoch > other.epoch || epoch == other.epoch && position > other.position
    }
}
