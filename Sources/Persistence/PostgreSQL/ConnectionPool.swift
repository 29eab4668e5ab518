import Synchronization

/// At most so many sessions, each lent to one call at a time; calls beyond wait in their order.
final class ConnectionPool: Sendable {
    private typealias Waiter = CheckedContinuation<PostgreSQLSession, any Error>

    private struct State {
        var idle: [PostgreSQLSession] = []
        var count = 0
        var waiters: [(number: Int, continuation: Waiter)] = []
        var nextWaiter = 0
        var isClosed = false
        var closer: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let options: PostgreSQLOptions
    private let makeSession: @Sendable (Int) throws -> PostgreSQLSession

    init(_ options: PostgreSQLOptions, makeSession: @escaping @Sendable (Int) throws -> PostgreSQLSession) {
        self.options = options
        self.makeSession = makeSession
    }

    /// Lends a session to `body`.
    /// - Throws: ``SQLError/Code/busy`` when too many calls wait, or this one waited too long;
    ///   ``SQLError/Code/closed``; `CancellationError`; what `body` throws.
    func withSession<T: Sendable>(_ body: (PostgreSQLSession) async throws -> T) async throws -> T {
        try Task.checkCancellation()
        let session = try await take()
        defer { giveBack(session) }
        return try await body(session)
    }

    /// Waits until every session is given back, then closes all of them.
    func close() async {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: SQLError.closed) }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                guard state.idle.count < state.count else { return true }
                state.closer.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        let sessions = state.withLock { state in
            defer { (state.idle, state.count) = ([], 0) }
            return state.idle
        }
        for session in sessions { await session.close() }
    }

    private enum Place {
        case session(PostgreSQLSession)
        case new(Int)
        case queue(Int)
    }

    private func take() async throws -> PostgreSQLSession {
        let place: Place = try state.withLock { state in
            guard !state.isClosed else { throw SQLError.closed }
            if let session = state.idle.popLast() { return .session(session) }
            if state.count < max(1, options.connections) {
                state.count += 1
                return .new(state.count)
            }
            guard state.waiters.count < options.waitingCalls else {
                throw SQLError(.busy, "\(state.waiters.count) calls wait for a connection")
            }
            state.nextWaiter += 1
            return .queue(state.nextWaiter)
        }
        switch place {
        case .session(let session): return session
        case .new(let number):
            do {
                return try makeSession(number)
            } catch {
                state.withLock { $0.count -= 1 }
                throw error
            }
        case .queue(let number): return try await wait(number)
        }
    }

    private func wait(_ number: Int) async throws -> PostgreSQLSession {
        let limit = options.waitLimit
        let timer = Task { [weak self] in
            try await Task.sleep(for: limit)
            self?.refuse(number, SQLError(.busy, "no connection became free within \(limit)"))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<PostgreSQLSession?, any Error> = state.withLock { state in
                    guard !state.isClosed else { return .failure(SQLError.closed) }
                    // The handler of a task that is cancelled by now found nobody to refuse.
                    guard !Task.isCancelled else { return .failure(CancellationError()) }
                    if let session = state.idle.popLast() { return .success(session) }
                    state.waiters.append((number, continuation))
                    return .success(nil)
                }
                switch outcome {
                case .success(let session): if let session { continuation.resume(returning: session) }
                case .failure(let error): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            refuse(number, CancellationError())
        }
    }

    private func refuse(_ number: Int, _ error: any Error) {
        let waiter = state.withLock { state in
            state.waiters.firstIndex { $0.number == number }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(throwing: error)
    }

    private func giveBack(_ session: PostgreSQLSession) {
        let (waiter, closers) = state.withLock { state -> (Waiter?, [CheckedContinuation<Void, Never>]) in
            guard state.waiters.isEmpty else { return (state.waiters.removeFirst().continuation, []) }
            state.idle.append(session)
            guard state.isClosed, state.idle.count == state.count else { return (nil, []) }
            defer { state.closer = [] }
            return (nil, state.closer)
        }
        waiter?.resume(returning: session)
        for closer in closers { closer.resume() }
    }
}

extension SQLError {
    static let closed = SQLError(.closed, "the database was closed")
}
