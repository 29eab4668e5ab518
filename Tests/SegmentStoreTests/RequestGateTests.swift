import Synchronization
import Testing

@testable import SegmentStore

@Suite(.timeLimit(.minutes(20))) struct RequestGateTests {
    /// Holds what passes until it is opened.
    private final class Barrier: Sendable {
        private let state = Mutex<(isOpen: Bool, inside: Int, most: Int)>((false, 0, 0))

        func hold() async throws {
            state.withLock {
                $0.inside += 1
                $0.most = max($0.most, $0.inside)
            }
            while !state.withLock({ $0.isOpen }) { try await Task.sleep(for: .milliseconds(2)) }
            state.withLock { $0.inside -= 1 }
        }

        func open() { state.withLock { $0.isOpen = true } }
        var inside: Int { state.withLock { $0.inside } }
        var most: Int { state.withLock { $0.most } }
    }

    @Test func onlySoManyRunAndSoManyWait() async throws {
        let gate = RequestGate(maximumRunning: 2, maximumWaiting: 3)
        let barrier = Barrier()
        let tasks = (0..<5).map { _ in Task { try await gate.pass { try await barrier.hold() } } }
        // The sixth is refused as soon as five are there.
        var isRefused = false
        while !isRefused {
            let sixth = Task { try await gate.pass { try await barrier.hold() } }
            let timeout = Task {
                try await Task.sleep(for: .milliseconds(50))
                sixth.cancel()
            }
            do {
                try await sixth.value
            } catch is RequestGate.Full {
                isRefused = true
            } catch is CancellationError {}
            timeout.cancel()
        }
        #expect(barrier.inside == 2)
        barrier.open()
        for task in tasks { try await task.value }
        #expect(barrier.most == 2)
        // All places are free again.
        for _ in 0..<5 { try await gate.pass {} }
    }

    @Test func whoeverGivesUpWaitingLeavesTheQueue() async throws {
        let gate = RequestGate(maximumRunning: 1, maximumWaiting: 1)
        let barrier = Barrier()
        let first = Task { try await gate.pass { try await barrier.hold() } }
        while barrier.inside == 0 { await Task.yield() }
        for _ in 0..<50 {
            let waiting = Task { try await gate.pass {} }
            await Task.yield()
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        let last = Task { try await gate.pass { 7 } }
        barrier.open()
        try await first.value
        #expect(try await last.value == 7)
    }
}
