/// What other processes told last of something that each repeats every 5 s. One that was not heard of for 15 s, three of
/// its reports, has told nothing.
///
/// Silence is judged only as long as anything at all is heard: whoever is cut off from the bus, or was frozen, must not
/// take all others for gone. What was told last then holds, for two minutes at most, and the others get 15 s to repeat
/// it once the silence is over. This takes somebody who tells something all the time, as this process itself may.
public struct PeerReports<Report: Sendable>: Sendable {
    public static var lifetime: Duration { .seconds(15) }
    /// A pause after which nobody was heard who could have been.
    static var longestPause: Duration { .seconds(10) }
    public static var longestSilence: Duration { .seconds(120) }
    /// More processes than any installation has; further ones are not heard.
    public static var maximumProcessCount: Int { 10_000 }

    private var reports: [String: (report: Report, receivedAt: ContinuousClock.Instant)] = [:]
    /// When anything was heard last, and since when without a break.
    private var heard: (last: ContinuousClock.Instant, since: ContinuousClock.Instant)?

    public init() {}

    /// Something came over the bus, from whomever.
    public mutating func heard(at now: ContinuousClock.Instant) {
        if let last = heard?.last, now - last > Self.longestSilence { reports = [:] }
        var since = now
        if let heard, now - heard.last <= Self.longestPause { since = heard.since }
        heard = (now, since)
        reports = reports.filter { now - max($0.value.receivedAt, since) <= Self.lifetime }
    }

    public mutating func told(_ report: Report, by process: String, at now: ContinuousClock.Instant) {
        heard(at: now)
        guard reports[process] != nil || reports.count < Self.maximumProcessCount else { return }
        reports[process] = (report, now)
    }

    /// What holds.
    public func current(at now: ContinuousClock.Instant) -> some Sequence<Report> {
        let holds = heard.map { now - $0.last <= Self.longestSilence } ?? false
        return (holds ? reports : [:]).values.lazy.map(\.report)
    }
}
