import AudioTimeline
import Logging
import MessageBus
import Synchronization

/// Reads a stream's log along while its worker waits for the say, so that it knows all of it when its turn comes. With a
/// store on another machine the log is ten minutes long: read then, it would keep every listener waiting.
final class LogFollower: Sendable {
    private struct State {
        var log = MediaLogState()
        /// The number of the fence that this worker wrote.
        var fence: UInt32?
        var hasUnreadable = false
    }

    private let worker: String
    private let logger: Logger
    private let state = Mutex(State())
    private let (caughtUp, catchUp) = AsyncStream<Never>.makeStream()

    init(worker: String, logger: Logger) {
        self.worker = worker
        self.logger = logger
    }

    /// The number for this worker's fence, once the log has been read to its end.
    func nextFence() async throws -> UInt32 {
        for await _ in caughtUp {}
        try Task.checkCancellation()
        return state.withLock { state in
            let number = state.log.filter.generation &+ 1
            state.fence = number
            return number
        }
    }

    /// Reads until this worker's fence comes by, or another one that makes it void.
    /// - Returns: what the log said before the fence; nil when another worker has the say, and when the bus shuts down.
    func read(_ reader: any LogReader) async throws -> MediaLogState? {
        defer { catchUp.finish() }
        while let reading = try await reader.next() {
            guard case .entry(let entry) = reading else {
                catchUp.finish()
                continue
            }
            let (before, log, fence) = state.withLock { state in
                let before = state.log
                do {
                    try state.log.read(entry.payload)
                } catch  where !state.hasUnreadable {
                    state.hasUnreadable = true
                    logger.error(
                        "Entries of the log set aside, this one first; a newer version may write them",
                        metadata: ["reason": "\(error)"])
                } catch {}
                return (before, state.log, state.fence)
            }
            guard let fence, log.filter.generation >= fence else { continue }
            return log.filter.generation == fence && log.filter.worker == worker ? before : nil
        }
        return nil
    }
}
