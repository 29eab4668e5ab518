import Synchronization

/// The outcome of one operation, from the thread of a connection to the task that waits for it.
///
/// Settled once; what comes later is dropped, which closes a consumer that nobody got.
final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case settled(Result<Value, any Error>)
        case done
    }

    private let state = Mutex(State.open)

    func settle(_ result: Result<Value, BusError>) {
        settle(result.mapError { $0 as any Error })
    }

    /// Waits. One task waits for an answer; when it is cancelled, the operation goes on.
    nonisolated(nonsending) func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if let result = take(or: continuation) { continuation.resume(with: result) }
            }
        } onCancel: {
            settle(.failure(CancellationError()))
        }
    }

    /// Waits, also in a task that is cancelled: for what has to be over before others go on.
    nonisolated(nonsending) func valueDespiteCancellation() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            if let result = take(or: continuation) { continuation.resume(with: result) }
        }
    }

    private func take(or continuation: CheckedContinuation<Value, any Error>) -> Result<Value, any Error>? {
        state.withLock { state in
            guard case .settled(let result) = state else {
                state = .awaited(continuation)
                return nil
            }
            state = .done
            return result
        }
    }

    private func settle(_ result: Result<Value, any Error>) {
        let continuation: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .open:
                state = .settled(result)
                return nil
            case .awaited(let continuation):
                state = .done
                return continuation
            case .settled, .done:
                return nil
            }
        }
        continuation?.resume(with: result)
    }
}
