import Dispatch
import Glibc
import Synchronization

/// Writes lines to a file descriptor from a thread of its own, so that a slow terminal or a full pipe never blocks an
/// event loop.
///
/// What waits is bounded: a line that does not fit is dropped and counted, and as soon as the descriptor takes bytes
/// again one line says how many are missing.
public final class LogWriter: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var droppedSinceNotice = 0
        var isDraining = false
    }

    private let descriptor: Int32
    private let capacity: Int
    private let dropNotice: @Sendable (_ lines: Int) -> String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "log-writer")
    private let dropped = Atomic<Int>(0)

    /// - Parameters:
    ///   - fileDescriptor: where lines go, standard error when left out; it stays the caller's and must outlive the writer.
    ///   - capacityBytes: how many bytes may wait.
    ///   - dropNotice: the line, with its newline, that says how many lines are missing.
    public init(
        fileDescriptor: Int32 = 2,
        capacityBytes: Int = 1 << 20,
        dropNotice: @escaping @Sendable (_ lines: Int) -> String
    ) {
        self.descriptor = fileDescriptor
        self.capacity = capacityBytes
        self.dropNotice = dropNotice
    }

    /// All lines dropped so far, because they did not fit or because the descriptor refused them.
    public var droppedLineCount: Int { dropped.load(ordering: .relaxed) }

    /// Queues a line that brings its own newline. Never waits for the descriptor.
    public func write(_ line: String) {
        let mustStart = state.withLock { state in
            guard state.pending.count + line.utf8.count <= capacity else {
                state.droppedSinceNotice += 1
                dropped.add(1, ordering: .relaxed)
                return false
            }
            state.pending.append(contentsOf: line.utf8)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustStart { queue.async { self.drain() } }
    }

    /// Waits until everything written before this call has left the process, at most for `timeout`.
    ///
    /// - Returns: whether it has. For the end of a process; never call it on an event loop.
    @discardableResult
    public func flush(timeout: Duration = .seconds(1)) -> Bool {
        let finished = DispatchSemaphore(value: 0)
        queue.async { finished.signal() }
        let nanoseconds = timeout.components.seconds * 1_000_000_000 + timeout.components.attoseconds / 1_000_000_000
        return finished.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .success
    }

    private func drain() {
        while let batch = nextBatch() {
            let unwritten = writeAll(batch)
            if unwritten > 0 { dropped.add(unwritten, ordering: .relaxed) }
        }
    }

    private func nextBatch() -> [UInt8]? {
        state.withLock { state in
            var batch: [UInt8] = []
            swap(&batch, &state.pending)
            if state.droppedSinceNotice > 0 {
                batch.append(contentsOf: dropNotice(state.droppedSinceNotice).utf8)
                state.droppedSinceNotice = 0
            }
            if batch.isEmpty { state.isDraining = false }
            return batch.isEmpty ? nil : batch
        }
    }

    /// - Returns: how many lines the descriptor refused.
    private func writeAll(_ bytes: [UInt8]) -> Int {
        var start = 0
        while start < bytes.count {
            let written = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                start += written
            } else if written < 0, errno == EAGAIN {
                // A terminal that another process made non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if written < 0, errno == EINTR {
                continue
            } else {
                return bytes[start...].count { $0 == UInt8(ascii: "\n") }
            }
        }
        return 0
    }
}
