import Synchronization

/// What a channel has for the tasks that wait in `next()`.
///
/// Bounded by the prefetch: the broker delivers no more than that before something is settled.
final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        /// Of the first element that was not taken.
        var position = 0
        var waiters = Waiters<Element>()
        var lastWaiter: UInt64 = 0
        /// Without an error it was this side's doing.
        var end: BusError??

        mutating func take() -> Element? {
            guard position < elements.count else { return nil }
            defer {
                position += 1
                if position == elements.count {
                    elements.removeAll(keepingCapacity: true)
                    position = 0
                }
            }
            return elements[position]
        }
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.elements.count - $0.position } }
    var isEnded: Bool { state.withLock { $0.end != nil } }

    func add(_ element: Element) {
        let waiting: CheckedContinuation<Element?, any Error>? = state.withLock { state in
            guard state.end == nil else { return nil }
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.elements.append(element)
            return nil
        }
        waiting?.resume(returning: element)
    }

    /// Ends it, and drops what nobody took: it comes again elsewhere.
    /// - Returns: whether it had not ended before.
    @discardableResult
    func finish(_ error: BusError?) -> Bool {
        let waiting: [CheckedContinuation<Element?, any Error>]? = state.withLock { state in
            guard state.end == nil else { return nil }
            state.end = .some(error)
            state.elements = []
            state.position = 0
            return state.waiters.removeAll()
        }
        for continuation in waiting ?? [] {
            if let error { continuation.resume(throwing: error) } else { continuation.resume(returning: nil) }
        }
        return waiting != nil
    }

    /// Why it has ended; `nil` while it has not.
    var end: BusError?? { state.withLock { $0.end } }

    nonisolated(nonsending) func next() async throws -> Element? {
        try Task.checkCancellation()
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return WaiterID(number: state.lastWaiter)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Element?, any Error>? = state.withLock { state in
                    // Looked at under the lock: a later cancellation finds the waiter, as its handler takes the lock.
                    guard !Task.isCancelled else { return .failure(CancellationError()) }
                    if let element = state.take() { return .success(element) }
                    switch state.end {
                    case .some(.some(let error)): return .failure(error)
                    case .some(.none): return .success(nil)
                    case .none:
                        state.waiters.add(waiter, continuation)
                        return nil
                    }
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.remove(waiter) }?.resume(throwing: CancellationError())
        }
    }
}
