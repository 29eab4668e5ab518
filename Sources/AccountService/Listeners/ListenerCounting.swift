import Audience
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
    let process: String
    private let bus: any MessageBus
    private let logger: Logger
    private let now: WallClock
    /// Players of ours, by their sessions. Many people may share an address; a thousand sessions are no people.
    private let sessions = Mutex(Audience(Audience.Limits(perAddress: 64)))
    /// Other players that send beacons, told apart by address and user agent.
    private let others = Mutex(Audience(Audience.Limits(perAddress: 4)))
    private let signing = Mutex<PlayerSessions?>(nil)
    private let census = Mutex(ListenerCensus())

    init(bus: any MessageBus, logger: Logger, now: @escaping WallClock) {
        var generator = SystemRandomNumberGenerator()
        self.process = "accounts-" + EventEnvelope.makeID(using: &generator)
        self.bus = bus
        self.logger = logger
        self.now = now
    }

    /// What sessions are signed with; before it is known, no sessions are given out.
    func use(_ signing: PlayerSessions) { self.signing.withLock { $0 = signing } }

    /// - Returns: a session for a player of ours that has none which is good.
    func seen(_ beacon: Beacon, channelID: String) -> String? {
        let signing = signing.withLock { $0 }
        if let session = beacon.session, let name = signing?.name(of: session, from: beacon.address, at: now()) {
            sessions.withLock { _ = $0.seen(beacon.address, name: name, channel: channelID, at: .now) }
            return nil
        }
        if beacon.isOurs {
            var generator = SystemRandomNumberGenerator()
            return signing?.make(for: beacon.address, at: now(), using: &generator)
        }
        let name = beacon.userAgent.hashValue
        others.withLock { _ = $0.seen(beacon.address, name: name, channel: channelID, at: .now) }
        return nil
    }

    func listeners(ofChannel channelID: String) -> Int {
        census.withLock { $0.listeners(ofChannel: channelID, at: .now) }
    }

    func told(_ counted: ListenersCounted) { census.withLock { $0.counted(counted, at: .now) } }

    /// Reports until cancelled.
    func runReports() async {
        while !Task.isCancelled {
            report()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Listeners that reported to this process, by channel.
    func counts() -> [String: Int] {
        let others = others.withLock { $0.counts(at: .now) }
        return sessions.withLock { $0.counts(at: .now) }.merging(others, uniquingKeysWith: +)
    }

    private func report() {
        let counted = ListenersCounted(process: process, counts: counts())
        let envelope = EventEnvelope(.listenersCounted(counted), at: now())
        do {
            try bus.sendEvent(topic: EventType.listenersCounted.topic, ByteBuffer(bytes: envelope.encoded()))
        } catch {
            logger.debug("listener counts not sent", metadata: ["error": "\(error)"])
        }
    }
}
