import Logging
import Synchronization

/// Waits at the start for what is not there yet, and says so: brokers and databases that are started together with this
/// process take their time.
struct StartWait {
    /// Why an attempt failed, in words.
    struct NotYet: Error {
        var mayPass: Bool
        var reason: String
    }

    let logger: Logger
    private let deadline = ContinuousClock.now + patience

    private static let patience = Duration.seconds(60)
    private static let pause = Duration.milliseconds(500)
    /// Whoever looks at the log shall see what a start waits for.
    private static let wordInterval = Duration.seconds(5)

    init(logger: Logger) { self.logger = logger }

    /// - Throws: `Failure` with code 75 when the server did not come, so that a supervisor tries again, and 69 when it
    ///   refuses.
    func wait(for server: String, option: String, attempt: () async throws -> Void) async throws {
        let reason = Reason()
        // An attempt takes seconds itself.
        let word = Task { [logger] in
            try await Task.sleep(for: Self.pause)
            while true {
                logger.warning("Waiting for \(server)", metadata: ["option": "\(option)", "reason": "\(reason.text)"])
                try await Task.sleep(for: Self.wordInterval)
            }
        }
        defer { word.cancel() }
        while true {
            do {
                return try await attempt()
            } catch let error as NotYet {
                guard error.mayPass else {
                    throw Failure(code: Failure.unavailable, description: "\(option): \(error.reason)")
                }
                guard ContinuousClock.now < deadline else {
                    throw Failure(
                        code: Failure.temporary,
                        description: "\(option): given up after \(Self.patience): \(error.reason)")
                }
                reason.text = error.reason
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    private final class Reason: Sendable {
        private let value = Mutex("no answer yet")

        var text: String {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }
}
