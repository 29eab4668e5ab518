import AudioTimeline
import CMAF
import FFmpeg
import NIOCore
import Testing

@testable import Transcoder

/// What the bundles of a stream hold, taken apart as a player would.
struct Played {
    var bundles: [MediaBundle]
    /// By rendition name: each fragment's decode time and the durations of its samples.
    var fragments: [String: [(time: UInt64, durations: [UInt32])]] = [:]
    private var payloads: [String: [ByteBuffer]] = [:]
    private var names: [String] = []

    init(_ bundles: [MediaBundle]) throws {
        self.bundles = bundles
        for bundle in bundles {
            if !bundle.setups.isEmpty { names = bundle.setups.map(\.name) }
            try #require(bundle.parts.count == names.count)
            for (name, part) in zip(names, bundle.parts) {
                for case .fragment(let fragment) in try FragmentReader.readAll(part.bytes) {
                    let durations = fragment.samples.map(\.duration)
                    fragments[name, default: []].append((fragment.baseMediaDecodeTime, durations))
                    #expect(fragment.duration == UInt64(part.durationSamples))
                    for sample in fragment.samples {
                        let payload = try #require(
                            part.bytes.getSlice(
                                at: part.bytes.readerIndex + sample.byteRange.lowerBound,
                                length: sample.byteRange.count))
                        payloads[name, default: []].append(payload)
                    }
                }
            }
        }
    }

    /// Every fragment begins where the one before ended.
    func checkContiguous(from start: UInt64 = 0) {
        for (name, fragments) in fragments {
            var time = start
            for fragment in fragments {
                guard fragment.time == time else {
                    Issue.record("\(name): fragment at \(fragment.time), not at \(time)")
                    return
                }
                time += fragment.durations.reduce(0) { $0 + UInt64($1) }
            }
        }
    }

    func decoded(_ name: String, _ format: EncoderFormat) throws -> StereoBlock {
        let codec: AudioCodec =
            switch format {
            case .aac: .aac
            case .opus: .opus
            case .flac: .flac
            }
        let decoder = try AudioDecoder(
            CodecConfiguration(codec: codec, sampleRate: 48_000, channels: 2, setup: try AudioEncoder(format).setup))
        var all = StereoBlock()
        for payload in payloads[name] ?? [] {
            guard let block = try decoder.decode(payload) else { continue }
            all.left += block.channels[0]
            all.right += block.channels[1]
        }
        return all
    }
}

extension StreamTranscoder {
    /// Transcodes all, and gives what came.
    func transcode(all batches: [SourceBatch]) throws -> (bundles: [MediaBundle], broken: Int, hasEnded: Bool) {
        var bundles: [MediaBundle] = []
        var broken = 0
        var hasEnded = false
        for batch in batches {
            let outcome = try transcode(batch)
            bundles += outcome.bundles
            broken += outcome.brokenPackets
            hasEnded = outcome.hasEnded
        }
        return (bundles, broken, hasEnded)
    }

    static func fresh(_ ladder: String) throws -> StreamTranscoder {
        StreamTranscoder(
            ladder: try Ladder(parsing: ladder),
            continuation: Continuation(nextMediaSequence: 0, discontinuitySequence: 0),
            thread: CodecThread(name: "test"))
    }
}

extension StereoBlock {
    /// By how many samples `self` lies behind `other`, found on the noise of the right side.
    func lag(behind other: StereoBlock, at start: Int, within reach: Int = 1_500, count: Int = 2_048) -> Int {
        var best = (lag: 0, value: -Float.infinity)
        for lag in -reach...reach {
            guard start + lag >= 0, start + lag + count <= right.count, start + count <= other.right.count else {
                continue
            }
            var value: Float = 0
            for index in 0..<count { value += right[start + lag + index] * other.right[start + index] }
            if value > best.value { best = (lag, value) }
        }
        return best.lag
    }

    /// Largest difference to `other` over their common length, from `start` on.
    func largestDifference(from other: StereoBlock, in range: Range<Int>) -> Float {
        var largest: Float = 0
        for index in range {
            largest = max(
                largest, abs(left[index] - other.left[index]), abs(right[index] - other.right[index]))
        }
        return largest
    }
}
