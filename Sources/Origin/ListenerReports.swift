import Audience
import Events
import HTTPService
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization

/// Counts direct listeners of this origin and tells their numbers every 5 s: those whose players are not ours, told
/// apart by address and user agent. Ours report by beacon, and say so with a header.
final class ListenerReports: Sendable {
    static let interval = Duration.seconds(5)
    /// By which our own player tells that it reports itself.
    private static let playerField = "twitchy-player"

    /// Names this process among those that count.
    private let process: String
    private let bus: any MessageBus
    private let directory: StreamDirectory
    private let logger: Logger
    private let listeners = Mutex(Audience(Audience.Limits(perAddress: 4)))

    init(process: String, bus: any MessageBus, directory: StreamDirectory, logger: Logger) {
        self.process = process
        self.bus = bus
        self.directory = directory
        self.logger = logger
    }

    /// A playlist of the channel was asked for: whoever gets it listens. A playlist that the player has already (304)
    /// is one too.
    func counting(_ answer: HTTPAnswer, to request: HTTPRequest, channel: String) -> HTTPAnswer {
        switch answer {
        case .response(let response): count(request, response, channel: channel)
        case .future(let future): future.whenSuccess { self.count(request, $0, channel: channel) }
        case .shared(let shared):
            return .shared(HTTPSharedAnswer(shared.answer) { self.count($0, $1, channel: channel) })
        case .async(let function):
            return .async {
                let response = await function()
                self.count(request, response, channel: channel)
                return response
            }
        case .decide(let function): return .decide { self.counting(await function(), to: request, channel: channel) }
        case .leased, .body, .handOver, .pass: break
        }
        return answer
    }

    private func count(_ request: HTTPRequest, _ response: HTTPResponse, channel: String) {
        guard response.status.code == 200, request[Self.playerField] == nil else { return }
        let name = (request["user-agent"] ?? "").hashValue
        listeners.withLock { _ = $0.seen(request.clientAddress, name: name, channel: channel, at: .now) }
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
