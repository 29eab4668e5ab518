import Logging
import MessageBus
import NIOCore
import NIOPosix
import Persistence
import SegmentStore
import TLS
import Telemetry

/// What the roles of this process stand on. Implementations are picked here and nowhere else.
struct Infrastructure {
    let configuration: Configuration
    /// nil where nobody supervises this process.
    let inheritance: Inheritance?
    let output: LogOutput
    let metrics: MetricsRegistry
    let health: HealthRegistry
    let group: MultiThreadedEventLoopGroup
    let threads: NIOThreadPool
    /// For encoders; nil: they come without TLS.
    let tls: TLSIdentity?
    /// File descriptors that the process may have.
    let descriptors: Int
    let databases: Databases
    let bus: any MessageBus
    let store: any SegmentStore
    /// What became of writes to databases and store.
    let writes: DependencyWrites
    /// nil where this process writes no files, or where there are none.
    let temporaries: TemporaryFiles?
    /// Kept for as long as the process lives: it locks the folder.
    private let folder: DataFolder?
    private let stores: SegmentStores

    init(
        _ configuration: Configuration, roles: Set<Role>, inheritance: Inheritance?, output: LogOutput
    ) throws {
        self.configuration = configuration
        self.inheritance = inheritance
        self.output = output
        descriptors = FileDescriptors.raiseLimit()
        tls = roles.contains(.ingest) ? try Self.tls(configuration) : nil
        metrics = MetricsRegistry()
        health = HealthRegistry()
        // Without files of its own a process shares the folder, if it uses it at all.
        if let lock = inheritance?.descriptors[.lock] {
            folder = DataFolder(configuration.data, lock: lock)
        } else {
            folder =
                configuration.databaseURL == nil && roles.contains { $0.database != nil }
                ? try DataFolder(configuration.data) : nil
        }
        writes = DependencyWrites(roles, health: health, logger: output.logger(label: "health")) { [folder] name in
            Databases.place(name, configuration, folder: folder?.path)
        }
        databases = try Databases(for: roles, configuration, folder: folder, writes: writes)
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        bus = try Self.bus(
            configuration, health: health, outage: writes.bus, roles: roles, logger: output.logger(label: "bus"))
        stores = try SegmentStores(configuration.segments, data: configuration.data, threads: threads, group: group)
        store = writes.watched(stores.store)
        let isExclusive = folder != nil && configuration.segments == .files(nil)
        temporaries =
            roles.contains(.transcoder)
            ? stores.files.map {
                TemporaryFiles(store: $0, isExclusive: isExclusive, logger: output.logger(label: "store"))
            } : nil
        metrics.observeProcess()
        if let inheritance {
            metrics.observe(
                "twitchy_process_restarts_total", .counter,
                help: "How often the supervisor started the server again because it had died."
            ) { [MetricSample(Double(inheritance.restarts))] }
        }
        health.publish(to: metrics)
    }

    /// Waits for a broker and a database that are not there yet; fails at once where waiting is of no use.
    func waitForServers() async throws {
        let start = StartWait(logger: output.logger(label: "twitchy"))
        if let rabbit = bus as? RabbitMQMessageBus {
            try await start.wait(for: "RabbitMQ", option: "--amqp-url") {
                do {
                    return try await rabbit.waitUntilConnected()
                } catch let error as RabbitMQConnectionError {
                    throw StartWait.NotYet(mayPass: error.mayPass, reason: "\(error)")
                }
            }
        }
        for (_, database) in databases.named where configuration.databaseURL != nil {
            try await start.wait(for: "the database", option: "--database-url") {
                do {
                    _ = try await database.read { try $0.query("SELECT 1") }
                } catch let error as SQLError {
                    throw StartWait.NotYet(
                        mayPass: error.code == .unavailable || error.code == .busy, reason: error.message)
                }
            }
        }
    }

    func close() async throws {
        await bus.shutdown()
        try await databases.close()
        try await stores.close()
        try await group.shutdownGracefully()
        try await threads.shutdownGracefully()
        output.flush()
    }

    private static func tls(_ configuration: Configuration) throws -> TLSIdentity? {
        do {
            return try configuration.tls.map { files throws(TLSFilesError) in try TLSIdentity(files) }
        } catch {
            throw Failure(code: Failure.usage, description: error.description)
        }
    }

    private static func bus(
        _ configuration: Configuration, health: HealthRegistry, outage: Outage, roles: Set<Role>, logger: Logger
    ) throws -> any MessageBus {
        guard let url = configuration.amqpURL else { return InProcessMessageBus() }
        let settings: RabbitMQConfiguration
        do {
            settings = try RabbitMQConfiguration(url: url)
        } catch {
            throw Failure(code: Failure.usage, description: "--amqp-url: \(error)")
        }
        let isNeeded = roles.contains { $0.needsBus }
        return RabbitMQMessageBus(settings) { role, state in
            let check = health.register("bus.\(role.rawValue)")
            switch state {
            case .connecting: break
            case .connected:
                logger.debug("Connected to RabbitMQ", metadata: ["connection": "\(role.rawValue)"])
                outage.worked(part: role.rawValue)
                check.set(.ok)
            case .blocked(let reason):
                let refusal = "RabbitMQ takes nothing new: \(reason)"
                outage.failed(refusal, kind: "blocked", part: role.rawValue)
                // Its disk or memory is full: what is published waits, and then is lost.
                let isInTheWay = isNeeded && role == .publishing
                check.set(isInTheWay ? .failed(reason: refusal) : .degraded(reason: refusal))
            case .lost(let error):
                outage.failed("\(error)", kind: error.mayPass ? "away" : "refused", part: role.rawValue)
                check.set(isNeeded ? .failed(reason: "\(error)") : .degraded(reason: "\(error)"))
            case .closed: check.set(.failed(reason: "shutting down"))
            }
        }
    }
}

extension RabbitMQConnectionError {
    /// Whether a broker that starts just now may still accept us.
    fileprivate var mayPass: Bool {
        switch self {
        case .unreachable, .lost: true
        case .refusedCredentials, .refusedVirtualHost, .untrusted: false
        }
    }
}
