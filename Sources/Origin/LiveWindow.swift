import AudioTimeline
import HLS
import NIOCore
import SegmentStore

/// The live window of one stream, a function of its log and, where that begins later, of what is stored: the segments
/// that end no more than 60 s before the newest slot.
struct LiveWindow: Sendable {
    static let length: Int64 = 60 * Timeline.sampleRate
    /// RFC 8216bis §4.4.3.1: 1.92 s, rounded.
    static let targetDurationSeconds = 2

    private(set) var setups: [RenditionSetup] = []
    /// Initialization segments by epoch, in the order of `setups`.
    private(set) var initializations: [UInt32: [ByteBuffer]] = [:]
    /// Oldest first; only the last may be open.
    private(set) var segments: [WindowSegment] = []
    private(set) var isEnded = false

    /// What was stored before the log is read. The log has precedence: it has the parts too.
    mutating func recall(_ index: RecordingIndex) {
        guard segments.isEmpty else { return }
        segments = index.segments(lastSamples: Self.length)
        setups = index.renditions.map(RenditionSetup.init(stored:))
        isEnded = index.isComplete
    }

    /// - Returns: segments that left the window.
    mutating func add(_ bundle: MediaBundle) -> [WindowSegment] {
        if !bundle.setups.isEmpty {
            // An index that names other renditions tells nothing that can be played on.
            if setups.map(\.name) != bundle.setups.map(\.name) { segments.removeAll(where: \.isStored) }
            setups = bundle.setups
            initializations[bundle.epoch] = bundle.setups.map(\.initialization)
        }
        guard bundle.parts.count == setups.count, !setups.isEmpty else { return [] }
        // Whatever the index says: what is on the air is not over.
        isEnded = false
        if let last = segments.last, !last.isStored, last.mediaSequence == bundle.mediaSequence,
            last.epoch == bundle.epoch
        {
            guard bundle.part == last.bundles.count, !last.isWhole else { return [] }
            segments[segments.count - 1].add(bundle)
        } else {
            // A segment whose beginning is gone cannot be listed.
            guard bundle.part == 0 else { return [] }
            forgetStored(before: bundle)
            // One that never was closed stays as short as it is: its parts were announced, and its number is taken.
            if let last = segments.last, !last.isWhole { segments[segments.count - 1].close() }
            let isDiscontinuity =
                segments.last.map { $0.epoch != bundle.epoch }
                ?? (bundle.discontinuitySequence > 0 && bundle.position == 0)
            segments.append(WindowSegment(first: bundle, isDiscontinuity: isDiscontinuity))
        }
        return trim()
    }

    mutating func end() { isEnded = true }

    /// Stored segments that the log has as well leave, and all of them where something is missing in between.
    private mutating func forgetStored(before bundle: MediaBundle) {
        guard let last = segments.last, last.isStored else { return }
        segments.removeAll { $0.mediaSequence >= bundle.mediaSequence }
        if let last = segments.last, last.mediaSequence + 1 != bundle.mediaSequence { segments = [] }
    }

    private mutating func trim() -> [WindowSegment] {
        var length = segments.reduce(0) { $0 + $1.durationSamples }
        var removed: [WindowSegment] = []
        while let first = segments.first, length - first.durationSamples > Self.length {
            length -= first.durationSamples
            removed.append(segments.removeFirst())
        }
        if !removed.isEmpty {
            let epochs = Set(segments.map(\.epoch))
            initializations = initializations.filter { epochs.contains($0.key) }
        }
        return removed
    }

    var hasWholeSegment: Bool { segments.first?.isWhole ?? false }

    /// How far the playlists are.
    var position: BlockingReload.Position {
        guard let last = segments.last else {
            return BlockingReload.Position(openSegment: 0, openPartCount: 0, lastSegmentPartCount: 0, isEnded: isEnded)
        }
        let whole = segments.last { $0.isWhole }
        return BlockingReload.Position(
            openSegment: Int(last.mediaSequence) + (last.isWhole ? 1 : 0),
            openPartCount: last.isWhole ? 0 : last.partCount, lastSegmentPartCount: whole?.partCount ?? 0,
            isEnded: isEnded)
    }

    /// Name of the part that comes next.
    var hint: String? {
        // Behind a stored segment: whether the next part opens a new epoch is not known yet.
        guard let last = segments.last, !isEnded, !last.isStored else { return nil }
        return last.isWhole
            ? SegmentKey.part(epoch: last.epoch, mediaSequence: last.mediaSequence + 1, part: 0)
            : last.partName(last.bundles.count)
    }

    func renditionIndex(_ name: String) -> Int? { setups.firstIndex { $0.name == name } }

    var partTargetSamples: Int { Int(setups.map(\.partTargetSamples).max() ?? UInt32(Timeline.slotSamples)) }
}

extension RenditionSetup {
    /// As far as the store's index knows it: the initialization segments lie beside the segments.
    fileprivate init(stored rendition: RecordingIndex.Rendition) {
        // Of the formats only Opus has parts that do not fill their slot.
        let format: Rendition.Format = rendition.codecs.lowercased().hasPrefix("opus") ? .opus : .aac
        self.init(
            name: rendition.name, codecs: rendition.codecs, peakBitRate: rendition.peakBitRate,
            averageBitRate: rendition.averageBitRate,
            partTargetSamples: UInt32(format.partTargetSamples), initialization: ByteBuffer())
    }
}
