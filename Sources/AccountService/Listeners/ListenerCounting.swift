import Events
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization

/// Counts the listeners that report to this process, tells the others every 5 s, and sums what all of them tell.
final class ListenerCounting: Sendable {
    static let interval = Duration.seconds(5)

    /// Names this process on the bus.
    private let process: String
    private let bus: any MessageBus
    private let logger: Logger
    private let now: WallClock
    private let sessions = Mutex(ListenerSessions())
    private let census = Mutex(ListenerCensus())

    init(bus: any MessageBus, logger: Logger, now: @escaping WallClock) {
        var generator = SystemRandomNumberGenerator()
        self.process = "accounts-" + EventEnvelope.makeID(using: &generator)
        self.bus = bus
        self.logger = logger
        self.now = now
    }

    func seen(_ session: String, channelID: String) throws(AccountError) {
        guard (1...128).contains(session.utf8.count) else { throw .invalidSession }
        guard sessions.withLock({ $0.seen(session, channelID: channelID, at: .now) }) else { throw .tooManySessions }
    }

    func listeners(ofChannel channelID: String) -> Int {
        census.withLock { $0.listeners(ofChannel: channelID, at: .now) }
    }

    /// Sums until cancelled. Every process hears all counts, by a subscription of its own that ends with it.
    func runCensus() async throws {
        try await bus.followEvents(as: process, types: [.listenersCounted], logger: logger) { event in
            guard case .listenersCounted(let counted) = event else { return }
            self.census.withLock { $0.counted(counted, at: .now) }
        }
    }

    /// Reports until cancelled.
    func runReports() async {
        while !Task.isCancelled {
            report()
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func report() {
        let counts = sessions.withLock { $0.counts(at: .now) }
        let envelope = EventEnvelope(.listenersCounted(ListenersCounted(process: process, counts: counts)), at: now())
        do {
            try bus.sendEvent(topic: EventType.listenersCounted.topic, ByteBuffer(bytes: envelope.encoded()))
        } catch {
            logger.debug("listener counts not sent", metadata: ["error": "\(error)"])
        }
    }
}
