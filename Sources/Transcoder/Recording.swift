import AudioTimeline
import NIOCore
import SegmentStore

/// What one writer knows of a stream's recording, and what a segment means for it.
struct Recording: Sendable {
    private(set) var index: RecordingIndex?
    private let stream: String
    /// What the offer said; what the index says goes before.
    private let keeping: RecordingIndex.Keeping
    /// Whether nothing was stored before, as far as is known: otherwise the first segment may have any number.
    private let isNew: Bool
    /// Segments without source audio at the end so far.
    private var silentSegments: UInt64 = 0
    /// The epoch whose initialization segments this writer stored.
    private var initializedEpoch: UInt32?

    struct Plan: Sendable, Equatable {
        /// Segments between the newest one stored and this one, which nobody has any more.
        var lostSegments: UInt64
        var isNewEpoch: Bool
    }

    init(index: RecordingIndex?, stream: String, keeping: RecordingIndex.Keeping, isNew: Bool = true) {
        self.isNew = isNew
        self.index = index
        self.stream = stream
        self.keeping = keeping
    }

    /// - Returns: nil for a segment that is stored already.
    mutating func plan(for segment: FinishedSegment) -> Plan? {
        let next = index?.nextMediaSequence ?? 0
        guard segment.mediaSequence >= next, index?.isComplete != true else {
            silentSegments = segment.isSilent ? silentSegments + 1 : 0
            return nil
        }
        let missing = segment.mediaSequence - next
        // A number that follows from the time, since the store could not be asked, says nothing about a loss.
        let isLoss = (index != nil || isNew) && missing < Self.unknownLoss
        return Plan(lostSegments: isLoss ? missing : 0, isNewEpoch: segment.epoch != initializedEpoch)
    }

    /// Years of audio.
    private static let unknownLoss: UInt64 = 1 << 24

    /// Whether the index tells of segments behind the newest one that was ever announced.
    func isBeyond(_ newest: UInt64) -> Bool { (index?.nextMediaSequence ?? 0) > newest + 1 }

    func hasRenditions(of segment: FinishedSegment) -> Bool {
        index.map { $0.renditions.map(\.name) == segment.renditions.map(\.name) } ?? true
    }

    /// Whether another writer's index can be of the same recording.
    func mayAdopt(_ stored: RecordingIndex) -> Bool {
        index.map { $0.renditions.map(\.name) == stored.renditions.map(\.name) } ?? true
    }

    /// A segment of which all renditions are stored.
    mutating func add(_ segment: FinishedSegment) {
        silentSegments = segment.isSilent ? silentSegments + 1 : 0
        initializedEpoch = segment.epoch
        var updated = index ?? newIndex(segment.renditions)
        updated.add(segment)
        updated.keeping.byteCount += segment.media.reduce(0) { $0 + Int64($1.bytes.readableBytes) }
        index = updated
    }

    private func newIndex(_ renditions: [RecordingIndex.Rendition]) -> RecordingIndex {
        var index = RecordingIndex(stream: stream, renditions: renditions)
        index.keeping = keeping
        return index
    }

    /// Of a stream that is not kept only the window stays.
    /// - Returns: keys of what goes, once the index no longer names it.
    mutating func trim(to windowSamples: Int64) -> [String] {
        guard index?.keeping.isRecorded == false else { return [] }
        return index?.trim(keeping: windowSamples) ?? []
    }

    mutating func announced() { index?.keeping.isAnnounced = true }

    /// Another writer is further.
    mutating func adopt(_ stored: RecordingIndex) { index = stored }

    /// The stream is over.
    /// - Returns: whether that is news.
    mutating func complete() -> Bool {
        guard index?.isComplete == false else { return false }
        index?.complete(withoutSilentSegments: silentSegments)
        return true
    }
}

extension RecordingIndex {
    /// The date is written again where it has moved from what arithmetic gives, once a minute at most.
    private static let segmentsBetweenDates: UInt64 = 32

    /// Whether it tells of more: a complete one of all that will ever be.
    func isFurther(than other: RecordingIndex) -> Bool {
        if isComplete != other.isComplete { return isComplete }
        return nextMediaSequence > other.nextMediaSequence
    }

    /// A hole before the segment begins a new entry of the same epoch, so that what is listed is what is there.
    fileprivate mutating func add(_ segment: FinishedSegment) {
        let follows =
            epochs.last.map { $0.number == segment.epoch && $0.nextMediaSequence == segment.mediaSequence } ?? false
        if !follows {
            epochs.append(
                Epoch(
                    number: segment.epoch, firstMediaSequence: segment.mediaSequence,
                    discontinuitySequence: segment.discontinuitySequence, segmentCount: 0, lastSegmentSamples: 0,
                    dates: [DateCorrection(segment: 0, dateMicroseconds: segment.dateMicroseconds)]))
        }
        var epoch = epochs.removeLast()
        let number = epoch.segmentCount
        if let last = epoch.dates.last, number - last.segment >= Self.segmentsBetweenDates,
            epoch.dateMicroseconds(ofSegment: number) != segment.dateMicroseconds
        {
            epoch.dates.append(DateCorrection(segment: number, dateMicroseconds: segment.dateMicroseconds))
        }
        epoch.segmentCount += 1
        epoch.lastSegmentSamples = segment.durationSamples
        epochs.append(epoch)
        for change in segment.nowPlaying { add(change) }
    }

    /// The recording ends with the last segment that has source audio: silence that waited for the encoder to come
    /// back is nothing to keep.
    fileprivate mutating func complete(withoutSilentSegments silent: UInt64) {
        isComplete = true
        guard let last = epochs.last, silent > 0, silent < last.segmentCount else { return }
        epochs[epochs.count - 1].segmentCount -= silent
        epochs[epochs.count - 1].lastSegmentSamples = Timeline.segmentSamples
    }
}
