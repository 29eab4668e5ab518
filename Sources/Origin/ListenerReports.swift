import Events
import HTTPService
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization

/// Counts direct listeners of this origin and tells their numbers every 5 s.
final class ListenerReports: Sendable {
    static let interval = Duration.seconds(5)
    /// By which our own player tells that it reports itself.
    private static let playerField = "twitchy-player"

    /// Names this process among those that count.
    private let process: String
    private let bus: any MessageBus
    private let directory: StreamDirectory
    private let logger: Logger
    private let listeners = Mutex(DirectListeners())

    init(process: String, bus: any MessageBus, directory: StreamDirectory, logger: Logger) {
        self.process = process
        self.bus = bus
        self.directory = directory
        self.logger = logger
    }

    /// A playlist of the channel was asked for.
    func seen(_ request: HTTPRequest, channel: String) {
        guard request[Self.playerField] == nil else { return }
        let userAgent = request["user-agent"] ?? ""
        listeners.withLock { $0.seen(request.clientAddress, userAgent: userAgent, channel: channel, at: .now) }
    }

    /// Reports until cancelled.
    func run() async {
        while !Task.isCancelled {
            report()
            try? await Task.sleep(for: Self.interval)
        }
    }

    private func report() {
        let byName = listeners.withLock { $0.counts(at: .now) }
        var counts: [String: Int] = [:]
        for (name, count) in byName {
            if let id = directory.channelID(named: name) { counts[id] = count }
        }
        let envelope = EventEnvelope(
            .listenersCounted(ListenersCounted(process: process, counts: counts)), at: Timestamp.systemClock())
        do {
            try bus.sendEvent(topic: EventType.listenersCounted.topic, ByteBuffer(bytes: envelope.encoded()))
        } catch {
            logger.debug("Listener counts not sent", metadata: ["error": "\(error)"])
        }
    }
}
