/// Durations in this module are counts of samples at 48 kHz, so that sums are exact; playlists show them in seconds.
public enum SampleDuration {
    /// Samples a second.
    public static let rate = 48_000

    /// Whole seconds and hundred-thousandths, rounded to the nearest.
    ///
    /// Five digits tell every count of samples apart (a sample is 2.08 of their units), show 192 ms parts exactly, and
    /// rounding keeps order: what is not longer than PART-TARGET is not printed longer.
    static func decimal(_ samples: Int) -> (seconds: Int, fraction: Int) {
        let samples = max(samples, 0)
        let fraction = (samples % rate * 100_000 + rate / 2) / rate
        return fraction == 100_000 ? (samples / rate + 1, 0) : (samples / rate, fraction)
    }

    /// Samples in a number of whole seconds.
    public static func samples(seconds: Int) -> Int {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: rate)
        return overflow ? .max : product
    }

    /// Seconds rounded to the nearest integer, as EXTINF is before it is compared with EXT-X-TARGETDURATION
    /// (RFC 8216bis §4.4.3.1).
    public static func nearestSeconds(_ samples: Int) -> Int {
        samples / rate + (samples % rate >= rate / 2 ? 1 : 0)
    }
}
