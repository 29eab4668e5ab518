import Logging
import SegmentStore

/// Sweeps what a killed process left half written in the segment store.
struct TemporaryFiles {
    let store: FileSegmentStore
    /// No other process writes there: whatever is found at the start is of no use to anybody.
    let isExclusive: Bool
    let logger: Logger

    /// No write takes so long.
    private static let age = Duration.seconds(600)
    private static let interval = Duration.seconds(3600)

    /// Sweeps at the start and once an hour, until cancelled.
    func run() async {
        var age = isExclusive ? Duration.zero : Self.age
        while !Task.isCancelled {
            do {
                let count = try await store.removeTemporaries(olderThan: age)
                if count > 0 { logger.info("Temporary files removed", metadata: ["count": "\(count)"]) }
            } catch {
                logger.warning("Temporary files not looked for", metadata: ["reason": "\(error)"])
            }
            age = Self.age
            try? await Task.sleep(for: Self.interval)
        }
    }
}
