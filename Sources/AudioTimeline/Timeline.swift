/// The grid that every stream lies on, in samples of its 48 kHz clock.
public enum Timeline {
    /// Samples a second of every stream's clock and of every rendition.
    public static let sampleRate: Int64 = 48_000
    /// Samples in a segment: 1.92 s.
    public static let segmentSamples: Int64 = 92_160
    /// Samples in a slot, the time that one part covers: 192 ms.
    public static let slotSamples: Int64 = 9_216
    /// Slots, and so parts, in a whole segment.
    public static let slotsPerSegment: Int64 = segmentSamples / slotSamples

    /// No position lies beyond this, 93 years into a stream; what is read from elsewhere and does is damaged.
    public static let farthestPosition: Int64 = 1 << 47

    /// Samples in a span of nanoseconds, rounded down.
    public static func samples(nanoseconds: Int64) -> Int64 {
        // 48 samples are exactly a million nanoseconds; dividing first keeps years of nanoseconds from overflowing.
        let (milliseconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return milliseconds * 48 + rest * 48 / 1_000_000
    }

    /// Nanoseconds in a span of samples, rounded down.
    public static func nanoseconds(samples: Int64) -> Int64 {
        let (groups, rest) = samples.quotientAndRemainder(dividingBy: 48)
        return groups * 1_000_000 + rest * 1_000_000 / 48
    }

    /// Microseconds in a span of samples, rounded down.
    public static func microseconds(samples: Int64) -> Int64 {
        let (groups, rest) = samples.quotientAndRemainder(dividingBy: 48)
        return groups * 1_000 + rest * 1_000 / 48
    }
}
