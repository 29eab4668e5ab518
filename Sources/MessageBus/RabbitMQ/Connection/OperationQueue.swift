import NIOCore

/// Operations on the control channel of a session, of which one is under way at a time.
struct OperationQueue {
    private struct Operation {
        let requests: [AMQPRequest]
        let completion: SessionChannel.Completion
    }

    private var waiting = CircularBuffer<Operation>()
    private var current: Operation?

    mutating func add(_ requests: [AMQPRequest], _ completion: @escaping SessionChannel.Completion) {
        waiting.append(Operation(requests: requests, completion: completion))
    }

    /// The requests of the next operation, unless one is under way.
    mutating func begin() -> [AMQPRequest]? {
        guard current == nil, let next = waiting.popFirst() else { return nil }
        current = next
        return next.requests
    }

    /// The operation under way is over.
    /// - Returns: what to call with the outcome. It may add operations, so it is not called here.
    mutating func finish() -> SessionChannel.Completion? {
        defer { current = nil }
        return current?.completion
    }

    mutating func removeAll() -> [SessionChannel.Completion] {
        defer {
            waiting = []
            current = nil
        }
        return ([current].compactMap(\.self) + Array(waiting)).map(\.completion)
    }
}
