import Events
import Persistence
import Synchronization

/// Streams that go on with silence since their encoder is away, as the processes of Ingest tell every 5 s.
final class WaitingStreams: Sendable {
    private let reports = Mutex(PeerReports<Set<String>>())

    func contains(_ streamID: String) -> Bool {
        reports.withLock { $0.current(at: .now).contains { $0.contains(streamID) } }
    }

    func told(_ away: EncodersAway) {
        reports.withLock { $0.told(Set(away.streamIDs), by: away.process, at: .now) }
    }

    /// Something else came over the bus: a process of Ingest that says nothing has no such streams.
    func heard() { reports.withLock { $0.heard(at: .now) } }
}
