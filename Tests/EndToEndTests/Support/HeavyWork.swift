import Synchronization
import Testing

/// Lets two tests at a time do what a small machine cannot do many times at once.
struct HeavyWork: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite itself has nothing to do.
        guard !test.isSuite else { return try await function() }
        await Self.places.take()
        do {
            try await function()
            Self.places.giveBack()
        } catch {
            Self.places.giveBack()
            throw error
        }
    }

    private static let places = Places(2)
}

extension Trait where Self == HeavyWork {
    static var heavy: HeavyWork { HeavyWork() }
}

/// A counted number of places, given in the order in which they were asked for.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
