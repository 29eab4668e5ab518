import Glibc
import Synchronization

/// Flushes registered writers when the process calls `exit` or returns from `main`.
enum ExitFlush {
    private struct State {
        var writers: [LogWriter] = []
        var isInstalled = false
    }

    private static let state = Mutex(State())

    static func register(_ writer: LogWriter) {
        let mustInstall = state.withLock { state in
            state.writers.append(writer)
            defer { state.isInstalled = true }
            return !state.isInstalled
        }
        // `atexit` takes a function without a context, therefore the list is a global one.
        if mustInstall { atexit { ExitFlush.flushAll() } }
    }

    private static func flushAll() {
        for writer in state.withLock({ $0.writers }) { writer.flush() }
    }
}
