import Dispatch
import Foundation
import Synchronization

/// Reads a pipe to its end on a thread of its own: the test that fills the pipe may block one of the few threads
/// that tests share.
final class PipeReader: Sendable {
    private let text = Mutex("")
    private let finished = DispatchSemaphore(value: 0)

    init(_ pipe: Pipe) {
        let handle = pipe.fileHandleForReading
        Thread.detachNewThread {
            let data = handle.readDataToEndOfFile()
            self.text.withLock { $0 = String(decoding: data, as: UTF8.self) }
            self.finished.signal()
        }
    }

    /// Waits for the end of the pipe. Once.
    func lines() -> [Substring] {
        finished.wait()
        return text.withLock { $0 }.split(separator: "\n")
    }
}
