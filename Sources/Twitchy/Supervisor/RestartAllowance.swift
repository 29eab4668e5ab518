/// Whether and when a server that died is started again.
struct RestartAllowance {
    static let deathsAtMost = 5
    static let period = Duration.seconds(60)

    private var deaths: [ContinuousClock.Instant] = []

    /// - Returns: how long to wait: nothing after the first death, then longer and longer; nil when it died so often
    ///   that starting it again does not help.
    mutating func death(at now: ContinuousClock.Instant) -> Duration? {
        deaths.removeAll { now - $0 >= Self.period }
        deaths.append(now)
        switch deaths.count {
        case 1: return .zero
        case Self.deathsAtMost...: return nil
        default: return .milliseconds(125 << (deaths.count - 1))
        }
    }
}
