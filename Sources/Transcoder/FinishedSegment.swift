import AudioTimeline
import NIOCore
import SegmentStore

/// A whole segment of all renditions, as the log announced it.
struct FinishedSegment: Sendable {
    var epoch: UInt32
    var mediaSequence: UInt64
    var discontinuitySequence: UInt64
    var dateMicroseconds: Int64
    var durationSamples: Int64
    var renditions: [RecordingIndex.Rendition]
    var initializations: [(rendition: String, bytes: ByteBuffer)]
    var media: [(rendition: String, bytes: ByteBuffer)]
    var nowPlaying: [RecordingIndex.NowPlayingChange]
    var isSilent: Bool
}

/// Collects the bundles of the segment that is being written.
struct OpenSegment: Sendable {
    private var bundles: [MediaBundle] = []

    /// - Returns: segments that `bundle` completes: its own, and before it one that never was closed, which ends short
    ///   where the next begins. One whose beginning is missing is left out.
    mutating func add(_ bundle: MediaBundle) -> [FinishedSegment] {
        let abandoned = bundle.part == 0 && !bundles.isEmpty ? finished(bundles) : nil
        if bundle.part == 0 { bundles = [] }
        return [abandoned, append(bundle)].compactMap { $0 }
    }

    private mutating func append(_ bundle: MediaBundle) -> FinishedSegment? {
        let continues = bundles.last.map { $0.mediaSequence == bundle.mediaSequence && $0.part + 1 == bundle.part }
        guard continues ?? (bundle.part == 0) else {
            bundles = []
            return nil
        }
        bundles.append(bundle)
        guard bundle.isLastOfSegment else { return nil }
        defer { bundles = [] }
        return finished(bundles)
    }

    private func finished(_ bundles: [MediaBundle]) -> FinishedSegment? {
        guard let first = bundles.first, !first.setups.isEmpty else { return nil }
        let media = first.setups.indices.map { rendition in
            var bytes = ByteBuffer()
            for bundle in bundles where bundle.parts.indices.contains(rendition) {
                bytes.writeImmutableBuffer(bundle.parts[rendition].bytes)
            }
            return (rendition: first.setups[rendition].name, bytes: bytes)
        }
        return FinishedSegment(
            epoch: first.epoch, mediaSequence: first.mediaSequence,
            discontinuitySequence: first.discontinuitySequence, dateMicroseconds: first.segmentDateMicroseconds,
            durationSamples: bundles.reduce(0) { $0 + Int64($1.durationSamples) },
            renditions: first.setups.map {
                RecordingIndex.Rendition(
                    name: $0.name, codecs: $0.codecs, peakBitRate: $0.peakBitRate, averageBitRate: $0.averageBitRate)
            },
            initializations: first.setups.map { ($0.name, $0.initialization) }, media: media,
            nowPlaying: bundles.compactMap { bundle in
                bundle.nowPlaying.map {
                    RecordingIndex.NowPlayingChange(
                        epoch: bundle.epoch, position: bundle.position, title: $0.title, artist: $0.artist)
                }
            },
            isSilent: bundles.allSatisfy { $0.levels.allSatisfy { $0.peak == 255 } })
    }
}
