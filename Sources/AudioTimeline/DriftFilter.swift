/// Follows the drift of the encoder's clock against ours: the smallest lateness of any packet over the last segments
/// is what transport cannot explain.
struct DriftFilter: Sendable {
    private static let segments = 5
    /// The date moves by no more than this a segment.
    private static let step: Int64 = 10_000_000
    /// A source further ahead than this is not live, and tells nothing about drift.
    private static let farthestAhead: Int64 = -500_000_000

    private var current: Int64 = .max
    private var recent: [Int64] = []

    mutating func observe(lateness: Int64) { current = min(current, lateness) }

    /// - Returns: nanoseconds to move the clock's anchor by.
    mutating func segmentPassed() -> Int64? {
        defer { current = .max }
        guard current != .max else {
            recent = []
            return nil
        }
        recent.append(current)
        guard recent.count >= Self.segments else { return nil }
        recent.removeFirst(recent.count - Self.segments)
        guard let least = recent.min(), least > Self.farthestAhead else { return nil }
        let shift = min(max(least, -Self.step), Self.step)
        // What was observed before was observed against the old anchor.
        recent = recent.map { $0 - shift }
        return shift
    }
}
