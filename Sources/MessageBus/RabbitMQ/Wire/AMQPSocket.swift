import Glibc
import Synchronization

/// The descriptor of a connection's socket, by which another thread can end what its own thread waits for.
final class AMQPSocket: Sendable {
    let descriptor: Int32
    private let isOpen = Mutex(true)

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Fails whatever is being read or written. Callable from any thread.
    func abort() {
        // Under the lock the number cannot be closed and given to another file.
        isOpen.withLock { if $0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// To be called before the descriptor is closed.
    func forget() {
        isOpen.withLock { $0 = false }
    }
}
