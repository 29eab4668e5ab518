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
    /// How many fences came since the last bundle: more than one in a row means that workers die of the next slot.
    public private(set) var fencesSinceBundle = 0

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
            fencesSinceBundle = 0
        case .end(let generation):
            guard generation >= self.generation, !hasEnded else { return nil }
            raise(to: generation)
            hasEnded = true
        }
        return entry
    }

    private mutating func raise(to generation: UInt32) {
        guard generation > self.generation else { return }
        self.generation = generation
        worker = ""
    }
}

extension MediaBundle {
    /// Whether the bundle lies behind `other` on the clock.
    public func follows(_ other: MediaBundle) -> Bool {
        epoch > other.epoch || epoch == other.epoch && position > other.position
    }
}
