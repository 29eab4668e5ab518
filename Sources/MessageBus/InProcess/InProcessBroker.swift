import Synchronization

/// The broker within the process: the state of ``BrokerState`` behind one lock.
///
/// Every operation is short and none waits, so that event loops may call it. Whoever waits in `next()` is resumed by
/// the operation that has something for it, once the lock is free.
final class InProcessBroker: Sendable {
    private let state = Mutex(BrokerState())
    private let now: @Sendable () -> Duration

    init(now: @escaping @Sendable () -> Duration) {
        self.now = now
    }

    func perform<Success: Sendable, Failure: Error>(
        _ operation: (inout BrokerState, Duration) throws(Failure) -> Success
    ) throws(Failure) -> Success {
        let time = now()
        let (result, wakes) = state.withLock { state in
            let result = Result { () throws(Failure) in try operation(&state, time) }
            return (result, state.takeWakes())
        }
        for wake in wakes { wake.resume() }
        return try result.get()
    }

    /// Waits for the next element of a consumer or reader.
    /// - Parameters:
    ///   - next: what there is without waiting.
    ///   - add: makes the continuation wait; called only if there is nothing yet and the task is not cancelled.
    ///   - remove: the continuation, if it still waits.
    nonisolated(nonsending) func next<Element: Sendable>(
        _ next: @escaping @Sendable (inout BrokerState) -> Next<Element>,
        add: @escaping @Sendable (inout BrokerState, WaiterID, CheckedContinuation<Element?, any Error>) -> Void,
        remove: @escaping @Sendable (inout BrokerState, WaiterID) -> CheckedContinuation<Element?, any Error>?
    ) async throws -> Element? {
        try Task.checkCancellation()
        let waiter: WaiterID
        switch state.withLock({ next(&$0) }) {
        case .element(let element): return element
        case .ended(nil): return nil
        case .ended(let error?): throw error
        case .wait(let id): waiter = id
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Element?, any Error>? = state.withLock { state in
                    // Looked at under the lock: a later cancellation finds the waiter, as its handler takes the lock.
                    guard !Task.isCancelled else { return .failure(CancellationError()) }
                    switch next(&state) {
                    case .element(let element): return .success(element)
                    case .ended(nil): return .success(nil)
                    case .ended(let error?): return .failure(error)
                    case .wait:
                        add(&state, waiter, continuation)
                        return nil
                    }
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { remove(&$0, waiter) }?.resume(throwing: CancellationError())
        }
    }
}
