import AudioTimeline
import HLS
import HTTPService
import NIOCore
import SegmentStore

/// A segment of the live window with its parts, as the log has them.
struct WindowSegment: Sendable {
    var epoch: UInt32
    var mediaSequence: UInt64
    var discontinuitySequence: UInt64
    var dateMicroseconds: Int64
    /// Samples of the clock that are there so far.
    var durationSamples: Int64
    var isDiscontinuity: Bool
    var isWhole: Bool
    var bundles: [MediaBundle]

    init(first bundle: MediaBundle, isDiscontinuity: Bool) {
        epoch = bundle.epoch
        mediaSequence = bundle.mediaSequence
        discontinuitySequence = bundle.discontinuitySequence
        dateMicroseconds = bundle.segmentDateMicroseconds
        durationSamples = 0
        self.isDiscontinuity = isDiscontinuity
        isWhole = false
        bundles = []
        add(bundle)
    }

    mutating func add(_ bundle: MediaBundle) {
        bundles.append(bundle)
        durationSamples += Int64(bundle.durationSamples)
        isWhole = bundle.isLastOfSegment
    }

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
        Segment(
            uri: name, durationSamples: Int(bundles.reduce(0) { $0 + Int64($1.parts[rendition].durationSamples) }),
            dateMilliseconds: dateMicroseconds / 1000, isDiscontinuity: isDiscontinuity,
            map: SegmentKey.initialization(epoch: epoch), parts: parts(rendition: rendition))
    }
}
