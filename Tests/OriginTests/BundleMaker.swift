import AudioTimeline
import NIOCore

/// Bundles as a worker writes them, with parts that say what they are.
struct BundleMaker {
    var epoch: UInt32 = 1
    var firstMediaSequence: UInt64 = 0
    var discontinuitySequence: UInt64 = 0
    var slot: Int64 = 0
    let names = ["aac-64", "opus-96"]

    mutating func next(isLast: Bool = false) -> MediaBundle {
        let (segment, part) = slot.quotientAndRemainder(dividingBy: Timeline.slotsPerSegment)
        let sequence = firstMediaSequence + UInt64(segment)
        let setups = names.map { name in
            RenditionSetup(
                name: name, codecs: name == "opus-96" ? "opus" : "mp4a.40.2", peakBitRate: 100_000,
                averageBitRate: 90_000, partTargetSamples: name == "opus-96" ? 9_600 : 9_216,
                initialization: ByteBuffer(string: "\(name) init \(epoch)"))
        }
        defer { slot += 1 }
        // Opus packets of 960 samples: those that end in the slot.
        let opus = UInt32(((slot + 1) * 9216 / 960 - slot * 9216 / 960) * 960)
        let position = slot * Timeline.slotSamples
        return MediaBundle(
            generation: 1, epoch: epoch, mediaSequence: sequence, discontinuitySequence: discontinuitySequence,
            part: UInt8(part), position: position, durationSamples: 9216,
            isLastOfSegment: isLast || part == 9,
            segmentDateMicroseconds: 1_700_000_000_000_000 + Int64(sequence) * 1_920_000, nowPlaying: nil,
            levels: [], setups: part == 0 ? setups : [],
            parts: [
                RenditionPart(durationSamples: 9216, bytes: ByteBuffer(string: "aac \(epoch)-\(sequence).\(part);")),
                RenditionPart(durationSamples: opus, bytes: ByteBuffer(string: "opus \(epoch)-\(sequence).\(part);")),
            ])
    }

    mutating func next(_ count: Int) -> [MediaBundle] { (0..<count).map { _ in next() } }

    /// The next epoch, behind the segment that is open.
    func nextEpoch() -> BundleMaker {
        BundleMaker(
            epoch: epoch + 1, firstMediaSequence: firstMediaSequence + UInt64((slot + 9) / 10),
            discontinuitySequence: discontinuitySequence + 1)
    }
}
