import Synchronization
import Testing

/// Lets two tests at a time do what a small machine cannot do many times at once.
struct HeavyWork: SuiteTrait, TestTrait, TestScoping {
    /// Of two.
    var places: Int
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite itself has nothing to do.
        guard !test.isSuite else { return try await function() }
        await Self.all.take(places)
        defer { Self.all.giveBack(places) }
        try await function()
    }

    private static let all = Places(2)
}

extension Trait where Self == HeavyWork {
    static var heavy: HeavyWork { HeavyWork(places: 1) }
    /// Needs what the machine has, so that what it measures is not the test beside it. Not within a `heavy` suite.
    static var alone: HeavyWork { HeavyWork(places: 2) }
}

/// A counted number of places, given in the order in which they were asked for.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.waiting.isEmpty, state.free >= count else {
                    state.waiting.append((count, continuation))
                    return false
                }
                state.free -= count
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack(_ count: Int) {
        let next = state.withLock { state in
            state.free += count
            var next: [CheckedContinuation<Void, Never>] = []
            while let first = state.waiting.first, first.count <= state.free {
                state.free -= first.count
                next.append(state.waiting.removeFirst().continuation)
            }
            return next
        }
        for continuation in next { continuation.resume() }
    }
}
