import Synchronization

/// The state of one dependency, set by whoever uses it, from any thread.
public final class HealthCheck: Sendable {
    public let name: String
    private let current: Mutex<HealthState>

    init(name: String, state: HealthState) {
        self.name = name
        self.current = Mutex(state)
    }

    public var state: HealthState { current.withLock { $0 } }

    public func set(_ state: HealthState) {
        current.withLock { $0 = state }
    }
}
