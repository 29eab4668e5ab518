import Synchronization

/// The state of something that is written to: that of the last real write.
///
/// A question that only reads says nothing about it: on a full disk everything can still be read.
public final class WriteHealth: Sendable {
    private struct State {
        var lastWrite: ContinuousClock.Instant?
        var isFailing = false
    }

    private let check: HealthCheck?
    private let isNeeded: Bool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - check: nil where nobody wants to know.
    ///   - isNeeded: whether the process cannot do its job without; otherwise it is only degraded.
    public init(_ check: HealthCheck?, isNeeded: Bool) {
        self.check = check
        self.isNeeded = isNeeded
    }

    public func succeeded(at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.isFailing = false
            state.lastWrite = now
            check?.set(.ok)
        }
    }

    public func failed(_ reason: String, at now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            state.isFailing = true
            state.lastWrite = now
            check?.set(isNeeded ? .failed(reason: reason) : .degraded(reason: reason))
        }
    }

    /// Whether a write is due that has no other purpose: after one that failed, and where nobody has written for long.
    public func needsProbe(after quiet: Duration, at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard let last = state.lastWrite, !state.isFailing else { return true }
            return now - last >= quiet
        }
    }
}
