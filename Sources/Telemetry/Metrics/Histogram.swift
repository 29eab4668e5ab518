/// How observed values spread over fixed buckets. Two atomic operations an observation, from any thread.
public final class Histogram: Sendable {
    let buckets: HistogramBuckets
    // One more than there are bounds: the last takes what lies above all of them.
    private let counts: [Counter]
    private let total = AtomicDouble()

    init(buckets: HistogramBuckets) {
        self.buckets = buckets
        self.counts = (0...buckets.upperBounds.count).map { _ in Counter() }
    }

    /// Counts a value in the metric's unit; a value that is not a number is ignored.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let index = buckets.upperBounds.firstIndex { value <= $0 } ?? buckets.upperBounds.count
        counts[index].increment()
        total.add(value)
    }

    /// Counts a duration in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    public var count: UInt64 { counts.reduce(0) { $0 &+ $1.value } }
    public var sum: Double { total.load() }

    /// For each bound, and last for infinity, how many values were at most that.
    var cumulativeCounts: [UInt64] {
        var running: UInt64 = 0
        return counts.map { counter in
            running &+= counter.value
            return running
        }
    }
}

/// The upper bounds of a histogram's buckets, inclusive and ascending, in the metric's unit.
public struct HistogramBuckets: Sendable, Equatable, ExpressibleByArrayLiteral {
    public let upperBounds: [Double]

    /// Sorts the bounds, and leaves out doubled ones and those that are not finite.
    public init(_ upperBounds: [Double]) {
        self.upperBounds = Set(upperBounds.filter(\.isFinite)).sorted()
    }

    public init(arrayLiteral elements: Double...) {
        self.init(elements)
    }

    /// 1 ms to 10 s, close together where listening becomes slow: for waits and deliveries.
    public static let latencySeconds: HistogramBuckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 5, 10,
    ]

    /// 10 µs to 100 ms: for work done at once.
    public static let workSeconds: HistogramBuckets = [
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1,
    ]

    /// 256 bytes to 4 MiB in steps of four.
    public static let sizeBytes: HistogramBuckets = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]
}
