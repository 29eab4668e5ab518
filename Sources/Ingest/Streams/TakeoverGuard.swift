/// Two encoders that keep taking a channel over from each other would give listeners a splice a second.
struct TakeoverGuard: Sendable {
    private static let window: Int64 = 10_000_000_000
    private static let limit = 3
    private static let penalty: Int64 = 60_000_000_000

    private var recent: [Int64] = []
    private var refusedUntil: Int64 = .min

    /// - Returns: whether the newer one may take over at `now` (nanoseconds).
    mutating func allows(at now: Int64) -> Bool {
        guard now >= refusedUntil else { return false }
        recent.removeAll { $0 <= now - Self.window }
        guard recent.count < Self.limit else {
            refusedUntil = now + Self.penalty
            recent = []
            return false
        }
        recent.append(now)
        return true
    }
}
