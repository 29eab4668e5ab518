import Logging
import SegmentStore

/// Sweeps what a killed process left half written in the segment store.
struct TemporaryFiles {
    let store: FileSegmentStore
    /// No other process writes there: whatever was there before this process is of no use to anybody.
    let isExclusive: Bool
    let logger: Logger
    private let madeAt = ContinuousClock.now

    init(store: FileSegmentStore, isExclusive: Bool, logger: Logger) {
        self.store = store
        self.isExclusive = isExclusive
        self.logger = logger
    }

    /// No write takes so long.
    private static let age = Duration.seconds(600)
    private static let interval = Duration.seconds(3600)

    /// Sweeps at the start and once an hour, until cancelled.
    func run() async {
        // What this process writes already, while it is swept, is younger than that.
        var age = isExclusive ? ContinuousClock.now - madeAt : Self.age
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
