import Glibc
import Synchronization

/// Wakes the thread that waits for the server. Belongs to one session and is used for one call after the other.
final class Interrupter: Sendable {
    /// Readable after ``wake()``.
    let descriptor: Int32
    private let writer: Int32

    init() throws(SQLError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SQLError(.unavailable, "no pipe: \(String(cString: strerror(errno)))") }
        descriptor = ends[0]
        writer = ends[1]
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        _ = Glibc.close(descriptor)
        _ = Glibc.close(writer)
    }

    /// Does not block: a pipe that is full wakes too.
    func wake() {
        var byte: UInt8 = 0
        _ = write(writer, &byte, 1)
    }

    /// Waits until it is woken, or `limit` is over.
    func wait(for limit: Duration) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, Int32(clamping: Int64(limit / .milliseconds(1))))
        drain()
    }

    func drain() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}

/// The cancellation of one call. A late one finds the call over and changes nothing for the next.
final class Interrupt: Sendable {
    private let requested = Mutex(false)
    private let interrupter: Interrupter

    init(_ interrupter: Interrupter) { self.interrupter = interrupter }

    var isRequested: Bool { requested.withLock { $0 } }

    func request() {
        requested.withLock { $0 = true }
        interrupter.wake()
    }
}
