import Synchronization

/// All health checks of a process, for `GET /readyz`.
///
/// Some states are pushed by whoever uses the dependency (``HealthCheck/set(_:)``), others are worked out when asked
/// (``register(_:read:)``), such as "has a window or can fetch one".
public final class HealthRegistry: Sendable {
    private enum Source: Sendable {
        case pushed(HealthCheck)
        case read(@Sendable () -> HealthState)
    }

    private let sources = Mutex<[String: Source]>([:])

    public init() {}

    /// Adds a check whose state is pushed. It counts as failed until it has been set, so that a process is not in
    /// rotation before it has reached what it needs. A second call for the same name gives the same check.
    public func register(
        _ name: String, initially state: HealthState = .failed(reason: "starting")
    ) -> HealthCheck {
        sources.withLock { sources in
            if case .pushed(let existing) = sources[name] { return existing }
            let check = HealthCheck(name: name, state: state)
            sources[name] = .pushed(check)
            return check
        }
    }

    /// Adds a check that is worked out whenever the report is; `read` must not block.
    public func register(_ name: String, read: @escaping @Sendable () -> HealthState) {
        sources.withLock { $0[name] = .read(read) }
    }

    public func remove(_ name: String) {
        sources.withLock { _ = $0.removeValue(forKey: name) }
    }

    /// The state of everything now.
    public func report() -> HealthReport {
        // Outside of the lock: a closure of others may come back to this registry.
        let checks = sources.withLock { $0 }.map { name, source in
            switch source {
            case .pushed(let check): HealthReport.Check(name: name, state: check.state)
            case .read(let read): HealthReport.Check(name: name, state: read())
            }
        }
        return HealthReport(checks: checks.sorted { $0.name < $1.name })
    }

    /// Adds `twitchy_health_check_ratio{check="…"}`: 1 ok, 0.5 degraded, 0 failed.
    public func publish(to metrics: MetricsRegistry) {
        metrics.observe(
            "twitchy_health_check_ratio", .gauge, help: "State of each dependency: 1 ok, 0.5 degraded, 0 failed."
        ) { [self] in
            report().checks.map { check in
                let value =
                    switch check.state {
                    case .ok: 1.0
                    case .degraded: 0.5
                    case .failed: 0.0
                    }
                return MetricSample(value, labels: ["check": check.name])
            }
        }
    }
}
