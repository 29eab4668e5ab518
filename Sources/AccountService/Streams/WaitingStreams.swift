import Events
import Logging
import MessageBus
import Persistence
import Synchronization

/// Streams that go on with silence since their encoder is away, as the processes of Ingest tell every 5 s. One that was
/// not heard of for 15 s, three of its reports, has none.
final class WaitingStreams: Sendable {
    private static let lifetime = Duration.seconds(15)
    /// More processes than any installation has; further ones are not heard.
    private static let maximumProcessCount = 10_000

    private struct Report {
        var streamIDs: Set<String>
        var receivedAt: ContinuousClock.Instant
    }

    private let reports = Mutex<[String: Report]>([:])

    func contains(_ streamID: String) -> Bool {
        let now = ContinuousClock.now
        return reports.withLock { reports in
            reports.values.contains { now - $0.receivedAt <= Self.lifetime && $0.streamIDs.contains(streamID) }
        }
    }

    /// Listens until cancelled. Every process of this service hears all reports, by a subscription of its own.
    func follow(_ bus: any MessageBus, logger: Logger) async throws {
        var generator = SystemRandomNumberGenerator()
        let subscriber = "accounts-encoders-" + EventEnvelope.makeID(using: &generator)
        try await bus.followEvents(as: subscriber, types: [.encodersAway], logger: logger) { event in
            guard case .encodersAway(let away) = event else { return }
            self.told(away)
        }
    }

    private func told(_ away: EncodersAway) {
        let now = ContinuousClock.now
        reports.withLock { reports in
            reports = reports.filter { now - $0.value.receivedAt <= Self.lifetime }
            guard reports[away.process] != nil || reports.count < Self.maximumProcessCount else { return }
            reports[away.process] = Report(streamIDs: Set(away.streamIDs), receivedAt: now)
        }
    }
}
