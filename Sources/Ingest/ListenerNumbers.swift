import Events
import Persistence
import Synchronization

/// How many listen to each channel, as the processes that count them tell.
final class ListenerNumbers: Sendable {
    private let reports = Mutex(PeerReports<[String: Int]>())

    func told(_ counted: ListenersCounted, names: [String: String]) {
        let byName = Dictionary(
            counted.counts.compactMap { id, count in names[id].map { ($0, count) } }, uniquingKeysWith: +)
        reports.withLock { $0.told(byName, by: counted.process, at: .now) }
    }

    func count(ofChannel name: String) -> Int {
        reports.withLock { $0.current(at: .now).reduce(0) { $0 + ($1[name] ?? 0) } }
    }
}
