import Events
import Persistence

/// The sum of what the processes counted last.
struct ListenerCensus {
    private var reports = PeerReports<[String: Int]>()

    mutating func counted(_ event: ListenersCounted, at now: ContinuousClock.Instant) {
        reports.told(event.counts, by: event.process, at: now)
    }

    func listeners(ofChannel channelID: String, at now: ContinuousClock.Instant) -> Int {
        reports.current(at: now).reduce(0) { sum, counts in
            let (result, overflow) = sum.addingReportingOverflow(counts[channelID] ?? 0)
            return overflow ? .max : result
        }
    }
}
