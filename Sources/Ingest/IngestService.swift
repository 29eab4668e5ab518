public import Events
public import HTTPService
public import Logging
public import MessageBus
public import NIOCore
import NIOPosix
public import Persistence

/// Takes what encoders push, and keeps each stream's clock.
public final class IngestService: Sendable {
    /// The name of this service in ``ReplayRequested`` and of its durable subscriber.
    public static let name = "ingest"

    private let database: any Database
    private let bus: any MessageBus
    private let group: any EventLoopGroup
    private let relay: OutboxRelay
    private let consumer: EventConsumer
    private let keys: StreamKeyRegistry
    private let owner: String
    private let reports: EncoderReports
    private let now: WallClock
    private let logger: Logger
    let context: IngestContext
    /// What is told to whoever comes to the wrong port.
    public let ports = OpenPorts()

    /// - Parameter owner: names this process in leases; no two processes may have the same.
    public init(
        database: any Database, bus: any MessageBus, group: any EventLoopGroup, settings: IngestSettings,
        owner: String, metrics: IngestMetrics, logger: Logger, now: @escaping WallClock = Timestamp.systemClock
    ) {
        self.database = database
        self.bus = bus
        self.group = group
        self.owner = owner
        self.now = now
        self.logger = logger
        relay = OutboxRelay(database: database, bus: bus, logger: logger, now: now)
        consumer = EventConsumer(
            subscriber: Self.name, types: StreamKeyRegistry.types + [.replayRequested], replayedBy: ["accounts"],
            database: database, bus: bus, logger: logger, now: now)
        keys = StreamKeyRegistry(database: database, now: now)
        let relay = relay
        let streams = LiveStreams(
            rows: StreamRows(database: database, owner: owner, now: now), bus: bus, settings: settings,
            metrics: metrics, logger: logger, relay: { relay.poke() })
        context = IngestContext(
            admission: Admission(keys: keys, streams: streams, metrics: metrics, logger: logger), streams: streams,
            settings: settings, metrics: metrics, listeners: ListenerNumbers(), ports: ports)
        reports = EncoderReports(process: owner, streams: streams, bus: bus, now: now, logger: logger)
    }

    /// Brings the database up to date.
    public func prepare() async throws {
        try await database.migrate([Outbox.schema, Inbox.schema, IngestSchema.schema])
    }

    /// Makes this service a subscriber, so that what others publish from now on is kept for it.
    public func subscribe() async throws { try await consumer.declare() }

    /// Opens a port for RTMP.
    /// - Parameters:
    ///   - socket: listens there already, inherited from the process that started this one.
    ///   - limiter: has the places for its connections.
    ///   - secure: puts TLS into a connection's pipeline, in front of everything; nil: plain RTMP.
    /// - Returns: the port.
    public func listenForRTMP(
        host: String, port: Int, socket: CInt? = nil, limiter: ConnectionLimiter,
        secure: (@Sendable (any Channel) throws -> Void)? = nil
    ) async throws -> (any Channel, port: Int) {
        let channel = try await RTMPListener(
            ingest: context, limiter: limiter, secure: secure, group: group, logger: logger
        ).bind(host: host, port: port, socket: socket)
        return (channel, channel.localAddress?.port ?? port)
    }

    /// Answers Icecast sources and HTTP pushes.
    public var icecastResponder: any HTTPResponder { IcecastResponder(ingest: context, logger: logger) }

    private func consume() async throws {
        try await consumer.run { [now] event, envelope, connection in
            if case .replayRequested(let request) = event {
                guard request.owner == Self.name else { return }
                try StreamRows.replay(at: now(), in: connection)
            } else {
                try StreamKeyRegistry.apply(event, envelope, connection)
            }
        }
    }

    /// What acts on this process's connections, or is kept in its memory: the durable subscription reaches only one
    /// process of the service.
    private func followEvents() async throws {
        try await bus.followEvents(
            as: "ingest-\(owner)", types: [.listenersCounted, .streamKeyChanged, .recordingCompleted],
            logger: logger, catchUp: { await self.closeRevoked() }
        ) { event in
            switch event {
            case .streamKeyChanged(let key) where key.revokedAt != nil:
                await self.context.streams.keyRevoked(key.keyID)
            case .listenersCounted(let counted):
                let names = await self.context.streams.channelNames()
                self.context.listeners.told(counted, names: names)
            case .recordingCompleted(let recording):
                // Logs of streams wait for their recordings, in the process that has them.
                await self.context.streams.recordingCompleted(recording.streamID)
            default: break
            }
        }
    }

    /// Revocations that came while this process was not connected.
    private func closeRevoked() async {
        do {
            for key in try await keys.revoked(among: await context.streams.heldKeys()) {
                await context.streams.keyRevoked(key)
            }
        } catch {
            logger.log(level: .ofTry(error), "Revoked keys not looked for", metadata: ["reason": "\(error)"])
        }
    }

    /// Once an hour forgets events and keys that have been of no use for 30 days.
    private func keepHouse() async {
        while !Task.isCancelled {
            do {
                let now = now()
                try await database.transaction { connection in
                    try Inbox.prune(at: now, in: connection)
                    try StreamKeyRegistry.deleteEnded(before: now.advanced(by: .zero - Inbox.retention), in: connection)
                }
            } catch {
                if Task.isCancelled { return }
                logger.log(level: .ofTry(error), "Old rows not pruned", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(3600))
        }
    }

    /// Works until cancelled, then lets go of every encoder; streams go on when the next process takes them up.
    public func run() async throws {
        let streams = context.streams
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.relay.run() }
                group.addTask { try await self.consume() }
                group.addTask { try await streams.run() }
                group.addTask { try await self.followEvents() }
                group.addTask { await self.context.admission.run() }
                group.addTask { await self.reports.run() }
                group.addTask { await self.keepHouse() }
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
