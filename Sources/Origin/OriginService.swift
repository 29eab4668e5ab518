import Events
public import Logging
public import MessageBus
public import Persistence
public import SegmentStore

/// Serves playlists, parts and segments to any HLS player.
public final class OriginService: Sendable {
    private let database: any Database
    private let consumer: EventConsumer
    private let directory: StreamDirectory
    private let hubs: StreamHubs
    private let logger: Logger
    /// Answers everything below `/hls/`.
    public let responder: OriginResponder

    public init(
        database: any Database, bus: any MessageBus, store: any SegmentStore, settings: OriginSettings,
        metrics: OriginMetrics, logger: Logger
    ) {
        self.database = database
        self.logger = logger
        directory = StreamDirectory(database: database)
        hubs = StreamHubs(bus: bus, settings: settings, metrics: metrics, logger: logger)
        consumer = EventConsumer(
            subscriber: "origin", types: OriginSchema.types, database: database, bus: bus, logger: logger)
        responder = OriginResponder(
            directory: directory, hubs: hubs,
            recordings: RecordingPlaylists(store: store, directory: directory, settings: settings, logger: logger),
            store: store)
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
        defer { hubs.shutDown() }
        try await consumer.run(apply: OriginSchema.apply) { [directory, logger] _ in
            do {
                try await directory.reload()
            } catch {
                logger.error("Directory not read", metadata: ["reason": "\(error)"])
            }
        }
    }
}
