import AudioTimeline
import HLS
import HTTPService
import NIOCore
import SegmentStore

/// A segment of the live window: with its parts, as the log has them, or as the store has it, from before the log.
struct WindowSegment: Sendable {
    var epoch: UInt32
    var mediaSequence: UInt64
    var discontinuitySequence: UInt64
    var dateMicroseconds: Int64
    /// Samples of the clock that are there so far.
    var durationSamples: Int64
    var isDiscontinuity: Bool
    var isWhole: Bool
    /// Empty where only the store has the segment.
    var bundles: [MediaBundle]
    /// Parts announced so far; also of a stored segment, whose parts nobody can fetch any more.
    var partCount: Int

    /// A segment that the log no longer has.
    init(
        stored epoch: RecordingIndex.Epoch, segment: UInt64, isDiscontinuity: Bool
    ) {
        self.epoch = epoch.number
        mediaSequence = epoch.firstMediaSequence + segment
        discontinuitySequence = epoch.discontinuitySequence
        dateMicroseconds = epoch.dateMicroseconds(ofSegment: segment)
        durationSamples =
            segment == epoch.segmentCount - 1 ? epoch.lastSegmentSamples : Timeline.segmentSamples
        self.isDiscontinuity = isDiscontinuity
        isWhole = true
        bundles = []
        partCount = Int((durationSamples + Timeline.slotSamples - 1) / Timeline.slotSamples)
    }

    init(first bundle: MediaBundle, isDiscontinuity: Bool) {
        epoch = bundle.epoch
        mediaSequence = bundle.mediaSequence
        discontinuitySequence = bundle.discontinuitySequence
        dateMicroseconds = bundle.segmentDateMicroseconds
        durationSamples = 0
        self.isDiscontinuity = isDiscontinuity
        isWhole = false
        bundles = []
        partCount = 0
        add(bundle)
    }

    mutating func add(_ bundle: MediaBundle) {
        bundles.append(bundle)
        partCount += 1
        durationSamples += Int64(bundle.durationSamples)
        isWhole = bundle.isLastOfSegment
    }

    /// The discontinuity sequence number of a playlist that begins with this segment: its own, less the tag that it
    /// carries itself.
    var discontinuitySequenceBefore: Int { max(0, Int(discontinuitySequence) - (isDiscontinuity ? 1 : 0)) }

    var isStored: Bool { bundles.isEmpty }

    var name: String { SegmentKey.segment(epoch: epoch, mediaSequence: mediaSequence) }

    func partName(_ index: Int) -> String {
        SegmentKey.part(epoch: epoch, mediaSequence: mediaSequence, part: UInt8(clamping: index))
    }

    /// The segment's bytes: its parts, byte for byte.
    func bytes(rendition: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(bundles.reduce(0) { $0 + $1.parts[rendition].bytes.readableBytes })
        for bundle in bundles { buffer.writeImmutableBuffer(bundle.parts[rendition].bytes) }
        return buffer
    }

    func parts(rendition: Int) -> [Part] {
        bundles.enumerated().map { index, bundle in
            Part(uri: partName(index), durationSamples: Int(bundle.parts[rendition].durationSamples))
        }
    }

    /// What the playlist lists for the whole segment.
    func listed(rendition: Int) -> Segment {
        guard !isStored else { return listed(prefix: "") }
        return Segment(
            uri: name, durationSamples: Int(bundles.reduce(0) { $0 + Int64($1.parts[rendition].durationSamples) }),
            dateMilliseconds: dateMicroseconds / 1000, isDiscontinuity: isDiscontinuity,
            map: SegmentKey.initialization(epoch: epoch), parts: parts(rendition: rendition))
    }

    /// The whole segment without parts, its length that of the clock.
    /// - Parameter prefix: where the segments lie, seen from the playlist.
    func listed(prefix: String) -> Segment {
        Segment(
            uri: prefix + name, durationSamples: Int(durationSamples), dateMilliseconds: dateMicroseconds / 1000,
            isDiscontinuity: isDiscontinuity, map: prefix + SegmentKey.initialization(epoch: epoch))
    }
}
