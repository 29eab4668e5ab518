/// What other processes told last of something that each repeats every 5 s. One that was not heard of for 15 s, three of
/// its reports, has told nothing.
///
/// Silence is judged only as long as anything at all is heard: whoever is cut off from the bus, or was frozen, must not
/// take all others for gone. What was told last then holds, for two minutes at most, and the others get 15 s to repeat
/// it once the silence is over. This takes somebody who tells something all the time, as this process itself may.
public struct PeerReports<Report: Sendable>: Sendable {
    private static var lifetime: Duration { .seconds(15) }
    /// A pause after which nobody was heard who could have been.
    private static var longestPause: Duration { .seconds(10) }
    private static var longestSilence: Duration { .seconds(120) }
    /// More processes than any installation has; further ones are not heard.
    public static var maximumProcessCount: Int { 10_000 }

    private struct Hearing {
        /// When anything was heard last, and since when without a break.
        var last: ContinuousClock.Instant
        var since: ContinuousClock.Instant
    }

    private struct Told {
        var report: Report
        var receivedAt: ContinuousClock.Instant

        func holds(_ hearing: Hearing) -> Bool { hearing.last - max(receivedAt, hearing.since) <= PeerReports.lifetime }
    }

    private var reports: [String: Told] = [:]
    private var hearing: Hearing?
    private var prunedAt: ContinuousClock.Instant?

    public init() {}

    /// Something came over the bus, from whomever.
    public mutating func heard(at now: ContinuousClock.Instant) {
        var now = Hearing(last: now, since: now)
        if let before = hearing {
            let pause = now.last - before.last
            if pause <= Self.longestPause {
                now.since = before.since
            } else {
                // Whoever was gone before the silence does not come back by it.
                reports = pause <= Self.longestSilence ? reports.filter { $0.value.holds(before) } : [:]
            }
        }
        hearing = now
        guard prunedAt.map({ now.last - $0 > Self.lifetime }) ?? true else { return }
        prunedAt = now.last
        reports = reports.filter { $0.value.holds(now) }
    }

    public mutating func told(_ report: Report, by process: String, at now: ContinuousClock.Instant) {
        heard(at: now)
        guard reports[process] != nil || reports.count < Self.maximumProcessCount else { return }
        reports[process] = Told(report: report, receivedAt: now)
    }

    /// What holds.
    public func current(at now: ContinuousClock.Instant) -> [Report] {
        guard let hearing, now - hearing.last <= Self.longestSilence else { return [] }
        return reports.values.compactMap { $0.holds(hearing) ? $0.report : nil }
    }
}
