internal import CRabbitMQ
import Glibc

/// An eventfd by which any thread wakes the one that polls.
final class WakeUp: Sendable {
    let descriptor: Int32

    init() {
        descriptor = crabbitmq_eventfd()
        precondition(descriptor >= 0, "the process has no file descriptor left")
    }

    deinit { _ = Glibc.close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // Fails only when the counter is full: then it is awake.
        _ = write(descriptor, &one, 8)
    }

    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }

    /// Waits for a signal, for something to read at `other`, or for the time to pass.
    func wait(for timeout: Duration, orReadable other: Int32? = nil) {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if let other { descriptors.append(pollfd(fd: other, events: Int16(POLLIN), revents: 0)) }
        let milliseconds = timeout / .milliseconds(1)
        _ = poll(&descriptors, nfds_t(descriptors.count), Int32(max(0, min(milliseconds.rounded(.up), 60_000))))
        if descriptors[0].revents != 0 { clear() }
    }
}
