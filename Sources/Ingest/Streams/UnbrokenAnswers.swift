/// Since when a database has answered without a break.
///
/// Whoever was cut off, or was frozen itself, must not take the silence of others for their death: they had no chance to
/// renew their leases either.
struct UnbrokenAnswers {
    /// A pause between two answers that is a break.
    let longestPause: Duration
    private var since: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?

    init(longestPause: Duration) { self.longestPause = longestPause }

    /// - Parameter answered: whether the database did what it was asked.
    /// - Returns: for how long it has answered by now.
    mutating func note(answered: Bool, at now: ContinuousClock.Instant) -> Duration {
        guard answered else {
            since = nil
            return .zero
        }
        if let last, now - last > longestPause { since = nil }
        last = now
        let since = since ?? now
        self.since = since
        return now - since
    }
}
