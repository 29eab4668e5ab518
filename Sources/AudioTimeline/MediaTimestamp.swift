/// A time on a container's own clock, which begins wherever the container likes.
///
/// A peer chooses the number. It becomes a `MediaTimestamp` where it enters, and a number that cannot be a time becomes
/// none; so no sum of a few of them, and of the length of a stream, ever overflows behind that point.
public struct MediaTimestamp: Sendable, Hashable, Comparable {
    public let nanoseconds: Int64

    /// 63 years from 0, so that the differences of two differences still fit, and so do dates since 1970 up to 2033.
    public static let farthestNanoseconds: Int64 = 2_000_000_000_000_000_000

    /// Nil beyond ``farthestNanoseconds``.
    public init?(nanoseconds: Int64) {
        guard nanoseconds.magnitude <= Self.farthestNanoseconds.magnitude else { return nil }
        self.nanoseconds = nanoseconds
    }

    /// `count` units of which `rate` make a second, rounded towards 0. Nil beyond ``farthestNanoseconds``, and for a rate
    /// outside 1…1 000 000 000.
    public init?(_ count: Int64, perSecond rate: Int) {
        guard (1...1_000_000_000).contains(rate) else { return nil }
        let (seconds, rest) = count.quotientAndRemainder(dividingBy: Int64(rate))
        guard seconds.magnitude <= Self.farthestNanoseconds.magnitude / 1_000_000_000 else { return nil }
        self.init(nanoseconds: seconds * 1_000_000_000 + rest * 1_000_000_000 / Int64(rate))
    }

    /// Nil where the sum is beyond ``farthestNanoseconds``.
    public func advanced(byNanoseconds distance: Int64) -> MediaTimestamp? {
        let (sum, overflows) = nanoseconds.addingReportingOverflow(distance)
        return overflows ? nil : MediaTimestamp(nanoseconds: sum)
    }

    public static func < (left: MediaTimestamp, right: MediaTimestamp) -> Bool { left.nanoseconds < right.nanoseconds }
}
