import Synchronization
import Telemetry

/// The streams whose workers in this process fall behind, and whether one of them may be handed over now.
final class LateStreams: Sendable {
    private struct State {
        /// By stream, in seconds.
        var late: [String: Double] = [:]
        var lookedAt: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let metrics: TranscoderMetrics

    init(_ metrics: TranscoderMetrics) { self.metrics = metrics }

    /// One stream less may be enough for the others.
    private static let pause = Duration.seconds(3)

    /// - Returns: whether that is news.
    @discardableResult
    func fallsBehind(_ stream: String, bySeconds seconds: Double) -> Bool {
        state.withLock { state in
            defer { publish(state) }
            return state.late.updateValue(seconds, forKey: stream) == nil
        }
    }

    /// - Returns: whether that is news.
    @discardableResult
    func keepsUp(_ stream: String) -> Bool {
        state.withLock { state in
            guard state.late.removeValue(forKey: stream) != nil else { return false }
            publish(state)
            return true
        }
    }

    /// Whether one of them may look for another worker; once in a while.
    func mayHandOver(at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            if let last = state.lookedAt, now - last < Self.pause { return false }
            state.lookedAt = now
            return true
        }
    }

    private func publish(_ state: State) {
        metrics.lateStreams.set(state.late.count)
        metrics.lateness.set(state.late.values.max() ?? 0)
    }

    var health: HealthState {
        let late = state.withLock { $0.late }
        guard let most = late.values.max() else { return .ok }
        return .degraded(
            reason: """
                \(late.count) \(late.count == 1 ? "stream comes" : "streams come") up to \(Int(most)) s late, and nobody stands \
                by: start another transcoder
                """)
    }
}
