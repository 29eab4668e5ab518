/// Names one call of `next()` that waits.
struct WaiterID: Hashable, Sendable {
    let number: UInt64
}

/// The calls of `next()` that wait for one consumer or reader, the longest waiting first.
struct Waiters<Element: Sendable>: Sendable {
    private var waiting: [(id: WaiterID, continuation: CheckedContinuation<Element?, any Error>)] = []

    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ id: WaiterID, _ continuation: CheckedContinuation<Element?, any Error>) {
        waiting.append((id, continuation))
    }

    mutating func remove(_ id: WaiterID) -> CheckedContinuation<Element?, any Error>? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).continuation
    }

    mutating func removeFirst() -> CheckedContinuation<Element?, any Error> {
        waiting.removeFirst().continuation
    }

    mutating func removeAll() -> [CheckedContinuation<Element?, any Error>] {
        defer { waiting = [] }
        return waiting.map(\.continuation)
    }
}
