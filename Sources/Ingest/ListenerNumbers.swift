import Events
import Synchronization

/// How many listen to each channel, as the processes that count them tell every five seconds.
final class ListenerNumbers: Sendable {
    private let counts = Mutex<[String: [String: Int]]>([:])

    func told(_ counted: ListenersCounted, names: [String: String]) {
        let byName = Dictionary(
            counted.counts.compactMap { id, count in names[id].map { ($0, count) } }, uniquingKeysWith: +)
        counts.withLock { $0[counted.process] = byName }
    }

    func count(ofChannel name: String) -> Int {
        counts.withLock { counts in counts.values.reduce(0) { $0 + ($1[name] ?? 0) } }
    }
}
