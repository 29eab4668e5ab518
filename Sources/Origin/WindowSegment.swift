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
    private(set) var isWhole: Bool
    private(set) var bundles: [MediaBundle]
    /// The whole segment of each rendition.
    private var joined: [ByteBuffer] = []

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
        if bundle.isLastOfSegment { close() }
    }

    /// No part follows: the segment is whole, however short.
    ///
    /// Its bytes move into one buffer, of which its parts become slices: a segment that is fetched needs no copy of its
    /// own then, and the log's buffers need not stay.
    mutating func close() {
        isWhole = true
        let renditions = bundles.map(\.parts.count).min() ?? 0
        var all = ByteBuffer()
        all.reserveCapacity(bundles.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.bytes.readableBytes } })
        for rendition in 0..<renditions {
            for bundle in bundles { all.writeImmutableBuffer(bundle.parts[rendition].bytes) }
        }
        for rendition in 0..<renditions {
            let length = bundles.reduce(0) { $0 + $1.parts[rendition].bytes.readableBytes }
            guard var segment = all.readSlice(length: length) else { return }
            joined.append(segment)
            for index in bundles.indices {
                let length = bundles[index].parts[rendition].bytes.readableBytes
                guard let slice = segment.readSlice(length: length) else { return }
                bundles[index].parts[rendition].bytes = slice
            }
        }
    }

    var name: String { SegmentKey.segment(epoch: epoch, mediaSequence: mediaSequence) }

    func partName(_ index: Int) -> String {
        SegmentKey.part(epoch: epoch, mediaSequence: mediaSequence, part: UInt8(clamping: index))
    }

    /// The segment's bytes: its parts, byte for byte.
    func bytes(rendition: Int) -> ByteBuffer {
        if joined.indices.contains(rendition) { return joined[rendition] }
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
