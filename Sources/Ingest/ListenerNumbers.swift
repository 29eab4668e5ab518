import Events
import Synchronization

/// How many listen to each channel, as the processes that count them tell every five seconds. One that was not heard
/// of for 15 s has none.
final class ListenerNumbers: Sendable {
    private struct Report {
        var counts: [String: Int]
        var receivedAt: ContinuousClock.Instant
    }

    private static let lifetime = Duration.seconds(15)
    private let reports = Mutex<[String: Report]>([:])

    func told(_ counted: ListenersCounted, names: [String: String]) {
        let byName = Dictionary(
            counted.counts.compactMap { id, count in names[id].map { ($0, count) } }, uniquingKeysWith: +)
        let now = ContinuousClock.now
        reports.withLock { reports in
            reports = reports.filter { now - $0.value.receivedAt <= Self.lifetime }
            reports[counted.process] = Report(counts: byName, receivedAt: now)
        }
    }

    func count(ofChannel name: String) -> Int {
        let now = ContinuousClock.now
        return reports.withLock { reports in
            reports.values.reduce(0) { sum, report in
                now - report.receivedAt <= Self.lifetime ? sum + (report.counts[name] ?? 0) : sum
            }
        }
    }
}
