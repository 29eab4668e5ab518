public import Events
public import HTTPService
public import Logging
public import MessageBus
public import NIOCore
import NIOPosix
public import Persistence

/// Takes what encoders push, and keeps each stream's clock.
public final class IngestService: Sendable {
    private let database: any Database
    private let bus: any MessageBus
    private let group: any EventLoopGroup
    private let relay: OutboxRelay
    private let consumer: EventConsumer
    private let owner: String
    private let logger: Logger
    let context: IngestContext

    /// - Parameter owner: names this process in leases; no two processes may have the same.
    public init(
        database: any Database, bus: any MessageBus, group: any EventLoopGroup, settings: IngestSettings,
        owner: String, metrics: IngestMetrics, logger: Logger, now: @escaping WallClock = Timestamp.systemClock
    ) {
        self.database = database
        self.bus = bus
        self.group = group
        self.owner = owner
        self.logger = logger
        relay = OutboxRelay(database: database, bus: bus, logger: logger, now: now)
        consumer = EventConsumer(
            subscriber: "ingest", types: StreamKeyRegistry.types, database: database, bus: bus, logger: logger, now: now
        )
        let relay = relay
        context = IngestContext(
            keys: StreamKeyRegistry(database: database, now: now),
            streams: LiveStreams(
                rows: StreamRows(database: database, owner: owner, now: now), bus: bus, settings: settings,
                metrics: metrics, logger: logger, relay: { relay.poke() }),
            settings: settings, metrics: metrics, listeners: ListenerNumbers())
    }

    /// Brings the database up to date.
    public func prepare() async throws {
        try await database.migrate([Outbox.schema, Inbox.schema, IngestSchema.schema])
    }

    /// Makes this service a subscriber, so that what others publish from now on is kept for it.
    public func subscribe() async throws { try await consumer.declare() }

    /// Opens the port for RTMP.
    /// - Returns: the port.
    public func listenForRTMP(host: String, port: Int) async throws -> (any Channel, port: Int) {
        let channel = try await RTMPListener(ingest: context, group: group, logger: logger)
            .bind(host: host, port: port)
        return (channel, channel.localAddress?.port ?? port)
    }

    /// Answers Icecast sources and HTTP pushes.
    public var icecastResponder: any HTTPResponder { IcecastResponder(ingest: context, logger: logger) }

    /// Every process counts for itself what all tell.
    private func followListeners() async throws {
        let subscription = try await bus.subscribe(
            "ingest.listeners.\(owner)", topics: [EventType.listenersCounted.topic], exclusive: true)
        while let delivery = try await subscription.next() {
            subscription.acknowledge(delivery.tag)
            guard let envelope = try? EventEnvelope(decoding: delivery.payload.readableBytesView),
                case .event(.listenersCounted(let counted)) = try? envelope.decodeEvent()
            else { continue }
            let names = await context.streams.channelNames()
            context.listeners.told(counted, names: names)
        }
    }

    /// Logs of streams wait for their recordings, in the process that has them.
    private func followRecordings() async throws {
        let subscription = try await bus.subscribe(
            "ingest.recordings.\(owner)", topics: [EventType.recordingCompleted.topic], exclusive: true)
        while let delivery = try await subscription.next() {
            subscription.acknowledge(delivery.tag)
            guard let envelope = try? EventEnvelope(decoding: delivery.payload.readableBytesView),
                case .event(.recordingCompleted(let recording)) = try? envelope.decodeEvent()
            else { continue }
            await context.streams.recordingCompleted(recording.streamID)
        }
    }

    /// Works until cancelled, then lets go of every encoder; streams go on when the next process takes them up.
    public func run() async throws {
        let streams = context.streams
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.relay.run() }
                group.addTask {
                    try await self.consumer.run(apply: StreamKeyRegistry.apply) { event in
                        guard case .streamKeyChanged(let key) = event, key.revokedAt != nil else { return }
                        await streams.keyRevoked(key.keyID)
                    }
                }
                group.addTask { try await streams.run() }
                group.addTask { try await self.followListeners() }
                group.addTask { try await self.followRecordings() }
                _ = try await group.next()
                group.cancelAll()
                try await group.waitForAll()
            }
        } catch is CancellationError {
            logger.debug("Ingest stopped")
        } catch {
            await streams.shutDown()
            throw error
        }
        await streams.shutDown()
    }
}
