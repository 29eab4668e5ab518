import Synchronization

/// How the connections of a bus stand, and who wants to know.
final class ConnectionStates: Sendable {
    private struct State {
        var states: [RabbitMQConnectionRole: RabbitMQConnectionState] = [:]
        var waiting: [Answer<Result<Void, RabbitMQConnectionError>>] = []
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let onChange: @Sendable (RabbitMQConnectionRole, RabbitMQConnectionState) -> Void

    init(_ onChange: @escaping @Sendable (RabbitMQConnectionRole, RabbitMQConnectionState) -> Void) {
        self.onChange = onChange
    }

    var current: [RabbitMQConnectionRole: RabbitMQConnectionState] { state.withLock { $0.states } }
    var isShutDown: Bool { state.withLock { $0.isShutDown } }

    func shutDown() {
        let waiting = state.withLock { state in
            state.isShutDown = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for answer in waiting { answer.settle(.failure(.shutDown)) }
    }

    func set(_ new: RabbitMQConnectionState, of role: RabbitMQConnectionRole) {
        let (outcome, waiting) = state.withLock { state in
            state.states[role] = new
            let outcome = Self.outcome(state.states)
            defer { if outcome != nil { state.waiting = [] } }
            return (outcome, outcome == nil ? [] : state.waiting)
        }
        if let outcome { for answer in waiting { answer.settle(.success(outcome)) } }
        onChange(role, new)
    }

    func waitUntilConnected() async throws {
        let answer = Answer<Result<Void, RabbitMQConnectionError>>()
        state.withLock { state in
            if state.isShutDown {
                answer.settle(.failure(.shutDown))
            } else if let outcome = Self.outcome(state.states) {
                answer.settle(.success(outcome))
            } else {
                state.waiting.append(answer)
            }
        }
        try await answer.value().get()
    }

    /// Whether all stand or any has failed; `nil` while it is not known.
    private static func outcome(
        _ states: [RabbitMQConnectionRole: RabbitMQConnectionState]
    ) -> Result<Void, RabbitMQConnectionError>? {
        for case .lost(let error) in states.values { return .failure(error) }
        let standing = states.values.filter { if case .connecting = $0 { false } else { true } }
        return standing.count == RabbitMQConnectionRole.allCases.count ? .success(()) : nil
    }
}
