import Synchronization

/// What all connections to one server know of whether it can be reached, so that they do not find out one by one.
final class Reachability: Sendable {
    /// What a connection that could not be made is to do.
    enum Advice: Equatable {
        case tryAgain(after: Duration)
        case giveUp
    }

    private struct State {
        var failingSince: ContinuousClock.Instant?
        var lastError: SQLError?
        var nextAttempt = ContinuousClock.now
        var pause = firstPause
    }

    private static let firstPause = Duration.milliseconds(50)
    private static let longestPause = Duration.seconds(1)

    private let state = Mutex(State())
    /// How long a server that is away is waited for.
    private let limit: Duration

    init(limit: Duration) { self.limit = limit }

    /// To be asked before an attempt: a server that has been away for long is asked once a second, whoever calls.
    func permitAttempt(at now: ContinuousClock.Instant = .now) throws(SQLError) {
        let refusal: SQLError? = state.withLock { state in
            guard let since = state.failingSince, now - since > limit else { return nil }
            guard now >= state.nextAttempt else { return state.lastError }
            state.nextAttempt = now.advanced(by: state.pause)
            return nil
        }
        if let refusal { throw refusal }
    }

    func succeeded() {
        state.withLock { $0 = State() }
    }

    func failed(_ error: SQLError, at now: ContinuousClock.Instant = .now) -> Advice {
        state.withLock { state in
            let since = state.failingSince ?? now
            state.failingSince = since
            state.lastError = error
            let pause = state.pause
            state.nextAttempt = now.advanced(by: pause)
            state.pause = min(pause * 2, Self.longestPause)
            // Whom the server refuses, it will refuse in a moment too.
            return error.code == .accessDenied || now - since > limit ? .giveUp : .tryAgain(after: pause)
        }
    }
}
