import Foundation

/// A thread of its own on which one connection waits for its server: the executor of a ``PostgreSQLSession``.
final class ConnectionThread: SerialExecutor {
    private final class Jobs: Sendable {
        private struct State {
            var jobs: [UnownedJob] = []
            var isStopped = false
        }

        private let condition = NSCondition()
        // Touched only between `condition.lock()` and `condition.unlock()`.
        private nonisolated(unsafe) var state = State()

        func add(_ job: UnownedJob) {
            condition.lock()
            state.jobs.append(job)
            condition.signal()
            condition.unlock()
        }

        func stop() {
            condition.lock()
            state.isStopped = true
            condition.signal()
            condition.unlock()
        }

        /// Waits for work; nil once stopped and drained.
        func take() -> [UnownedJob]? {
            condition.lock()
            defer { condition.unlock() }
            while state.jobs.isEmpty && !state.isStopped { condition.wait() }
            guard !state.jobs.isEmpty else { return nil }
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    private let jobs = Jobs()

    init(name: String) {
        let jobs = jobs
        let thread = Thread { [weak self] in
            while let next = jobs.take() {
                // Held while they run: the last of them may let go of the actor and so of this executor.
                guard let self else { return }
                for job in next { job.runSynchronously(on: asUnownedSerialExecutor()) }
            }
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { jobs.stop() }

    func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
