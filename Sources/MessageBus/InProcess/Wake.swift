/// A waiting call of `next()` that has its answer, to be resumed once the lock is free.
enum Wake: Sendable {
    case delivery(CheckedContinuation<Delivery?, any Error>, Result<Delivery?, BusError>)
    case reading(CheckedContinuation<LogReading?, any Error>, Result<LogReading?, BusError>)

    func resume() {
        switch self {
        case .delivery(let continuation, let result): continuation.resume(with: result.mapError { $0 })
        case .reading(let continuation, let result): continuation.resume(with: result.mapError { $0 })
        }
    }
}

/// What `next()` finds without waiting.
enum Next<Element: Sendable>: Sendable {
    case element(Element)
    /// The consumer or reader has ended: `nil` by this side, an error by the other.
    case ended(BusError?)
    case wait(WaiterID)
}
