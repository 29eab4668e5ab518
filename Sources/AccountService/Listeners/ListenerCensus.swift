import Events

/// The sum of what the processes counted last. One that was not heard of for 15 s, three of its reports, has none.
struct ListenerCensus {
    static let lifetime = Duration.seconds(15)
    /// More processes than any installation has; further ones are not counted.
    static let maximumProcessCount = 10_000

    private struct Report {
        var counts: [String: Int]
        var receivedAt: ContinuousClock.Instant
    }

    private var reports: [String: Report] = [:]
    private var prunedAt: ContinuousClock.Instant?

    mutating func counted(_ event: ListenersCounted, at now: ContinuousClock.Instant) {
        if prunedAt.map({ now - $0 > Self.lifetime }) ?? true {
            reports = reports.filter { now - $0.value.receivedAt <= Self.lifetime }
            prunedAt = now
        }
        guard reports[event.process] != nil || reports.count < Self.maximumProcessCount else { return }
        reports[event.process] = Report(counts: event.counts, receivedAt: now)
    }

    func listeners(ofChannel channelID: String, at now: ContinuousClock.Instant) -> Int {
        reports.values.reduce(0) { sum, report in
            guard now - report.receivedAt <= Self.lifetime else { return sum }
            let (result, overflow) = sum.addingReportingOverflow(report.counts[channelID] ?? 0)
            return overflow ? .max : result
        }
    }
}
