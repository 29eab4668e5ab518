import Foundation

/// A thread of its own on which codecs run: the executor of every actor that is pinned to it.
///
/// Codec work takes milliseconds of pure computing; on the cooperative pool it would hold up whatever else waits there.
final class CodecThread: SerialExecutor {
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
                guard let executor = self?.asUnownedSerialExecutor() else { return }
                for job in next { job.runSynchronously(on: executor) }
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

/// As many codec threads as the machine has cores; each stream is pinned to the one with the fewest.
actor CodecThreads {
    private let threads: [CodecThread]
    private var streams: [Int]
    private var warmingUp = 0

    init(count: Int = ProcessInfo.processInfo.activeProcessorCount) {
        threads = (0..<max(1, count)).map { CodecThread(name: "codec-\($0)") }
        streams = [Int](repeating: 0, count: threads.count)
    }

    /// A thread for one more stream, and the number by which it is given back.
    func pin() -> (thread: CodecThread, number: Int) {
        let number = streams.indices.min { streams[$0] < streams[$1] } ?? 0
        streams[number] += 1
        return (threads[number], number)
    }

    func unpin(_ number: Int) { streams[number] -= 1 }

    func warmUpBegan() { warmingUp += 1 }

    func warmUpEnded() { warmingUp -= 1 }

    /// Whether fewer streams warm up than there are cores.
    var areIdle: Bool { warmingUp < threads.count }

    /// AAC frames to warm up with now. A process that dies leaves all its streams at once, and listeners have 0.4 s of
    /// sound in hand: where there are more of them than cores, each makes do with less, at worst with a seam that can be
    /// measured rather than a gap that can be heard.
    var warmUpFrames: Int64 {
        let share = Continuation.wholeWarmUp * Int64(threads.count) / Int64(max(threads.count, warmingUp))
        return max(Continuation.leastWarmUp, share)
    }
}
