/// The value of BANDWIDTH as the standard defines it (RFC 8216bis §4.1, §4.4.6.2).
public enum PeakBandwidth {
    public struct SegmentSize: Sendable, Hashable {
        public var byteCount: Int
        public var durationSamples: Int

        public init(byteCount: Int, durationSamples: Int) {
            self.byteCount = byteCount
            self.durationSamples = durationSamples
        }
    }

    /// The largest rate, in bits a second, of any run of segments that lasts 0.5 to 1.5 target durations (and half a
    /// second for rounding); of all of them if no run does.
    public static func bitsPerSecond(of segments: [SegmentSize], targetDurationSeconds: Int) -> Int {
        let target = SampleDuration.samples(seconds: min(targetDurationSeconds, 86_400))
        let window = target / 2...target * 3 / 2 + SampleDuration.rate / 2
        var peak: Int?
        for start in segments.indices {
            var run = SegmentSize(byteCount: 0, durationSamples: 0)
            for segment in segments[start...] {
                run.byteCount += segment.byteCount
                run.durationSamples += segment.durationSamples
                guard run.durationSamples <= window.upperBound else { break }
                if run.durationSamples >= window.lowerBound { peak = max(peak ?? 0, rate(of: run)) }
            }
        }
        return peak ?? averageBitsPerSecond(of: segments)
    }

    /// The value of AVERAGE-BANDWIDTH.
    public static func averageBitsPerSecond(of segments: [SegmentSize]) -> Int {
        rate(
            of: SegmentSize(
                byteCount: segments.reduce(0) { $0 + $1.byteCount },
                durationSamples: segments.reduce(0) { $0 + $1.durationSamples }
            )
        )
    }

    private static func rate(of run: SegmentSize) -> Int {
        guard run.durationSamples > 0 else { return 0 }
        return Int((Double(run.byteCount) * 8 * Double(SampleDuration.rate) / Double(run.durationSamples)).rounded(.up))
    }
}
