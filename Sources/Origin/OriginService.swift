import Events
public import Logging
public import MessageBus
import NIOCore
public import Persistence
public import SegmentStore
public import Telemetry

/// Serves playlists, parts and segments to any HLS player.
public final class OriginService: Sendable {
    private let database: any Database
    private let bus: any MessageBus
    private let consumer: EventConsumer
    private let directory: StreamDirectory
    private let hubs: StreamHubs
    private let work = LongWork(cores: System.coreCount)
    private let reports: ListenerReports
    private let process: String
    private let logger: Logger
    /// Answers everything below `/hls/`.
    public let responder: OriginResponder

    /// - Parameter process: names this process on the bus; no two processes may have the same.
    public init(
        database: any Database, bus: any MessageBus, store: any SegmentStore, settings: OriginSettings,
        process: String, metrics: OriginMetrics, logger: Logger
    ) {
        self.database = database
        self.bus = bus
        self.process = "origin-" + process
        self.logger = logger
        directory = StreamDirectory(database: database)
        hubs = StreamHubs(bus: bus, store: store, settings: settings, work: work, metrics: metrics, logger: logger)
        reports = ListenerReports(process: self.process, bus: bus, directory: directory, logger: logger)
        consumer = EventConsumer(
            subscriber: "origin", types: OriginSchema.types, replayedBy: ["accounts", "ingest"], database: database,
            bus: bus, logger: logger)
        responder = OriginResponder(
            directory: directory, hubs: hubs,
            recordings: RecordingPlaylists(
                store: store, directory: directory, settings: settings, work: work, metrics: metrics, logger: logger),
            reports: reports)
    }

    /// Whether what is on the air is heard of, for `/readyz`. Never failed: without the log there still are recordings, and
    /// a broker's restart must not take all origins out of rotation.
    public var logHealth: HealthState {
        let (streams, silent, longest) = hubs.silence()
        guard silent > 0 else { return .ok }
        return .degraded(
            reason: """
                nothing new of \(silent) of \(streams) streams for \(longest.components.seconds) s; proxies are told to ask \
                another origin
                """)
    }

    /// Brings the database up to date and reads it.
    public func prepare() async throws {
        try await database.migrate([Inbox.schema, OriginSchema.schema])
        try await directory.reload()
    }

    /// Makes this service a subscriber, so that what others publish from now on is kept for it.
    public func subscribe() async throws { try await consumer.declare() }

    /// Works until cancelled.
    public func run() async throws {
        work.start()
        defer {
            hubs.shutDown()
            work.shutDown()
        }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await self.consumer.run(apply: OriginSchema.apply) }
            tasks.addTask {
                try await self.bus.followEvents(
                    as: self.process, types: OriginSchema.types, logger: self.logger,
                    catchUp: { await self.reload() },
                    told: { event in
                        if self.directory.apply(event) { self.hubs.revokeLeases() }
                    })
            }
            tasks.addTask { await self.reports.run() }
            try await tasks.next()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }

    private func reload() async {
        do {
            if try await directory.reload() { hubs.revokeLeases() }
        } catch {
            logger.log(level: .ofTry(error, otherwise: .error), "Directory not read", metadata: ["reason": "\(error)"])
        }
    }
}
