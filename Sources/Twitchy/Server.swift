import AccountService
import Events
import FFmpeg
import Foundation
import HTTPService
import Ingest
import Logging
import MessageBus
import NIOCore
import NIOPosix
import Origin
import Persistence
import SegmentStore
import Telemetry
import Transcoder

/// The composition root: all roles in one process, on SQLite files, the in-process bus and segments in files.
struct Server {
    let configuration: Configuration
    let output: LogOutput
    let metrics = MetricsRegistry()
    let health = HealthRegistry()

    /// Ports as they were opened.
    struct Ports {
        var http = 0
        var rtmp = 0
        var icecast = 0
        var admin = 0
    }

    /// Serves until a signal comes.
    func run() async throws {
        FFmpegLibrary.setLogLevelQuiet()
        let folder = try DataFolder(configuration.data)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let threads = NIOThreadPool(numberOfThreads: 4)
        threads.start()
        let bus = InProcessMessageBus()
        let segments = try SegmentStores(configuration.segments, folder: folder, threads: threads, group: group)
        let store = segments.store
        let logger = output.logger(label: "twitchy")
        metrics.observeProcess()
        health.publish(to: metrics)

        let databases = try Databases(folder)
        let accounts = AccountService(
            database: databases.accounts, bus: bus, logger: output.logger(label: "accounts"))
        let owner = UUID().uuidString.lowercased()
        let ingest = IngestService(
            database: databases.ingest, bus: bus, group: group, settings: ingestSettings, owner: owner,
            metrics: IngestMetrics(metrics), logger: output.logger(label: "ingest"))
        let transcoder = TranscoderService(
            bus: bus, store: store, ladder: configuration.ladder, slots: configuration.slots,
            rules: recordingRules, worker: owner,
            metrics: TranscoderMetrics(metrics), logger: output.logger(label: "transcoder"))
        let origin = OriginService(
            database: databases.origin, bus: bus, store: store, settings: originSettings, process: owner,
            metrics: OriginMetrics(metrics), logger: output.logger(label: "origin"))

        // All subscribe before any publishes: the in-process bus keeps nothing for those that it does not know yet.
        try await accounts.prepare()
        try await ingest.prepare()
        try await origin.prepare()
        try await accounts.subscribe()
        try await ingest.subscribe()
        try await origin.subscribe()
        try await databases.resendNewest()
        if configuration.demo { try await accounts.ensureDemo() } else { try await accounts.withdrawDemo() }

        let listeners = try await listen(group, accounts: accounts, ingest: ingest, origin: origin)
        Greeting(configuration: configuration, ports: listeners.ports).say(logger)

        let watch = DependencyWatch(databases: databases.named, store: store, health: health)
        health.register("process").set(.ok)
        let services = Task {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await accounts.run() }
                tasks.addTask { try await ingest.run() }
                tasks.addTask { try await transcoder.run() }
                tasks.addTask { try await origin.run() }
                tasks.addTask { await watch.run() }
                try await tasks.next()
                // One that ends by itself takes the others with it: a process with half its roles helps nobody.
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }
        let end = await withTaskGroup(of: String.self) { tasks in
            tasks.addTask { await Shutdown.signal() }
            tasks.addTask {
                do {
                    try await services.value
                    return "a service ended"
                } catch {
                    return "a service failed: \(error)"
                }
            }
            let first = await tasks.next() ?? ""
            tasks.cancelAll()
            services.cancel()
            return first
        }
        logger.info("Shutting down", metadata: ["reason": "\(end)"])
        await listeners.close()
        _ = try? await services.value
        await bus.shutdown()
        try await databases.close()
        try await segments.close()
        try await group.shutdownGracefully()
        try await threads.shutdownGracefully()
        output.flush()
        guard end.hasPrefix("SIG") else { throw Failure(code: Failure.software, description: end) }
    }

    private var ingestSettings: IngestSettings {
        var settings = IngestSettings()
        settings.ladder = configuration.ladder
        if configuration.segments.isRemote { settings.mediaLog = Topology.mediaOptionsOfRemoteStore }
        return settings
    }

    private var recordingRules: RecordingRules {
        var rules = RecordingRules()
        rules.keepFor = configuration.keepRecordings
        rules.quotaBytes = configuration.recordingQuota
        rules.channelQuotaBytes = configuration.channelQuota
        rules.rewind = configuration.dvr
        return rules
    }

    private var originSettings: OriginSettings {
        var settings = OriginSettings()
        settings.isLowLatency = configuration.isLowLatency
        settings.rewind = configuration.dvr
        return settings
    }

    /// Opens every port, or none.
    private func listen(
        _ group: any EventLoopGroup, accounts: AccountService, ingest: IngestService, origin: OriginService
    ) async throws -> Listeners {
        var listeners = Listeners()
        do {
            let rtmp = try await ingest.listenForRTMP(host: configuration.bind, port: configuration.rtmpPort)
            listeners.ports.rtmp = rtmp.port
            listeners.rtmp = rtmp.0
            let http = httpServer(group, accounts: accounts, origin: origin)
            listeners.ports.http = try await start(http, option: "--http-port")
            listeners.servers.append(http)
            let icecast = icecastServer(group, ingest: ingest)
            listeners.ports.icecast = try await start(icecast, option: "--icecast-port")
            listeners.servers.append(icecast)
            let admin = adminServer(group)
            listeners.ports.admin = try await start(admin, option: "--admin-port")
            listeners.servers.append(admin)
            return listeners
        } catch {
            await listeners.close()
            throw error
        }
    }

    private func start(_ server: HTTPServer, option: String) async throws -> Int {
        do {
            return try await server.start()
        } catch HTTPServerError.addressInUse(_, let port) {
            throw Failure(
                code: Failure.unavailable,
                description: "port \(port) is in use: stop what uses it, or choose another with \(option)")
        } catch {
            throw Failure(code: Failure.unavailable, description: "\(option): \(error)")
        }
    }

    private func httpServer(
        _ group: any EventLoopGroup, accounts: AccountService, origin: OriginService
    ) -> HTTPServer {
        var settings = HTTPServerConfiguration()
        settings.trustedProxies = configuration.trustedProxies
        let responders: [any HTTPResponder] = [
            origin.responder, CrossOriginPreflight(below: "/hls/"),
            AccountResponder(
                api: AccountAPI(service: accounts), publicURL: configuration.publicURL,
                logger: output.logger(label: "accounts")),
            HealthResponder(), WebResponder(),
        ]
        return HTTPServer(
            host: configuration.bind, port: configuration.httpPort, group: group, responders: responders,
            configuration: settings, metrics: ServerCounters(metrics), logger: output.logger(label: "http"))
    }

    private func icecastServer(_ group: any EventLoopGroup, ingest: IngestService) -> HTTPServer {
        var settings = HTTPServerConfiguration()
        settings.trustedProxies = configuration.trustedProxies
        settings.requiresHost = false
        return HTTPServer(
            host: configuration.bind, port: configuration.icecastPort, group: group,
            responders: [ingest.icecastResponder, HealthResponder()], configuration: settings,
            logger: output.logger(label: "icecast"))
    }

    private func adminServer(_ group: any EventLoopGroup) -> HTTPServer {
        HTTPServer(
            host: configuration.adminBind, port: configuration.adminPort, group: group,
            responders: [AdminResponder(health: health, metrics: metrics)], logger: output.logger(label: "admin"))
    }
}

/// The open ports and what listens there.
private struct Listeners {
    var ports = Server.Ports()
    var rtmp: (any NIOCore.Channel)?
    var servers: [HTTPServer] = []

    func close() async {
        // Closed already is what is wanted.
        try? await rtmp?.close()
        await withTaskGroup { tasks in
            for server in servers { tasks.addTask { await server.shutdown() } }
        }
    }
}

/// Each service's own database.
private struct Databases {
    let accounts: SQLiteDatabase
    let ingest: SQLiteDatabase
    let origin: SQLiteDatabase

    init(_ folder: DataFolder) throws {
        accounts = try SQLiteDatabase(path: folder.file("accounts.sqlite"))
        ingest = try SQLiteDatabase(path: folder.file("ingest.sqlite"))
        origin = try SQLiteDatabase(path: folder.file("origin.sqlite"))
    }

    /// The in-process bus forgot what it had taken when the last process ended.
    func resendNewest() async throws {
        for database in [accounts, ingest] {
            _ = try await database.transaction { try Outbox.resendNewest(in: $0) }
        }
    }

    var named: [(name: String, database: any Database)] {
        [("accounts", accounts), ("ingest", ingest), ("origin", origin)]
    }

    func close() async throws {
        try await accounts.close()
        try await ingest.close()
        try await origin.close()
    }
}
