/// Whether something that a role depends on works.
public enum HealthState: Sendable, Equatable {
    case ok
    /// It does not work as it should, but the role can still do its job: stays in rotation.
    case degraded(reason: String)
    /// The role cannot do its job now: out of rotation.
    case failed(reason: String)

    var name: String {
        switch self {
        case .ok: "ok"
        case .degraded: "degraded"
        case .failed: "failed"
        }
    }

    var reason: String? {
        switch self {
        case .ok: nil
        case .degraded(let reason), .failed(let reason): reason
        }
    }
}
