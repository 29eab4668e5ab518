import Foundation
import ProxyTesting

/// Twitchy as separate processes on a RabbitMQ and a PostgreSQL of their own.
final class Distributed: Sendable {
    let scene: Scene
    /// Of the servers; it is not the scene's, whose files are the test's own.
    private let folder: URL
    private let environment: [String: String]
    private let databasePort: Int
    let brokerURL: String
    var databaseURL: String { "postgres://twitchy:twitchy@127.0.0.1:\(databasePort)/twitchy" }

    private init(scene: Scene, folder: URL, databasePort: Int, broker: String) {
        self.scene = scene
        self.folder = folder
        self.databasePort = databasePort
        brokerURL = broker
        environment = [
            "SWIFT_BACKTRACE": "symbolicate=off,threads=crashed",
            "TWITCHY_AMQP_URL": broker,
            "TWITCHY_DATABASE_URL": "postgres://twitchy:twitchy@127.0.0.1:\(databasePort)/twitchy",
            "TWITCHY_TRUSTED_PROXIES": "127.0.0.1",
            "TWITCHY_SEGMENT_STORE": "file:\(scene.file("segments").path)",
        ]
    }

    /// Starts both servers, and stops them however the test ends: a watcher looks whether this process lives.
    static func run(_ body: (Distributed) async throws -> Void) async throws {
        try await Scene.run { scene in
            let folder = FileManager.default.temporaryDirectory.appending(path: "twitchy-servers-\(UUID().uuidString)")
            // The servers' own users must be able to reach it.
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
            let watch =
                """
                cd /; setsid bash -c 'while kill -0 \(getpid()) && [ ! -e \(folder.path)/over ]; do sleep 0.3; done
                \(script("rabbitmq")) stop \(folder.path)/broker; \(script("postgresql")) stop \(folder.path)/database immediate
                rm -rf \(folder.path)' </dev/null >/dev/null 2>&1 &
                """
            _ = try await scene.run("bash", ["-c", watch], name: "watch")
            defer { _ = FileManager.default.createFile(atPath: folder.appending(path: "over").path, contents: nil) }
            let databasePort = try await freePort(in: scene)
            let broker = try await scene.run(
                script("rabbitmq"), ["start", "\(folder.path)/broker"], name: "start-broker", within: 90)
            let distributed = Distributed(
                scene: scene, folder: folder, databasePort: databasePort,
                broker: broker.trimmingCharacters(in: .whitespacesAndNewlines))
            try await distributed.startDatabase()
            try await body(distributed)
        }
    }

    private static func script(_ name: String) -> String {
        Products.repository.appending(path: "scripts/\(name).sh").path
    }

    private static func freePort(in scene: Scene) async throws -> Int {
        let port = try await scene.run(
            Products.python,
            ["-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"],
            name: "port")
        guard let number = Int(port.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw TestFailure("no free port: \(port)")
        }
        return number
    }

    // MARK: Servers

    /// `rabbitmqctl`.
    @discardableResult
    func control(_ arguments: [String]) async throws -> String {
        try await scene.run(
            Self.script("rabbitmq"), ["ctl", "\(folder.path)/broker"] + arguments, name: "control-\(UUID().uuidString)")
    }

    func messages(inQueue name: String) async throws -> Int {
        let rows = try await control(["list_queues", "--silent", "name", "messages"])
        let row = rows.split(separator: "\n").map { $0.split(separator: "\t") }.first { $0.first == name[...] }
        return row.flatMap { $0.last.flatMap { Int($0) } } ?? 0
    }

    func stopBroker() async throws {
        _ = try await scene.run(
            Self.script("rabbitmq"), ["stop", "\(folder.path)/broker"], name: "stop-broker", within: 60)
    }

    func startBroker() async throws {
        _ = try await scene.run(
            Self.script("rabbitmq"), ["start", "\(folder.path)/broker"], name: "start-broker-again", within: 90)
    }

    /// A stopped broker will start as a new one: without queues, logs and messages.
    func wipeBroker() throws {
        try FileManager.default.removeItem(at: folder.appending(path: "broker/mnesia"))
    }

    /// A proxy in front of the broker, and what a process needs to go through it.
    func proxyToBroker() async throws -> (proxy: TCPProxy, environment: [String: String]) {
        guard let port = URLComponents(string: brokerURL)?.port else { throw TestFailure("no port in \(brokerURL)") }
        let proxy = try await TCPProxy(to: port)
        return (proxy, ["TWITCHY_AMQP_URL": brokerURL.replacing(":\(port)/", with: ":\(proxy.port)/")])
    }

    /// A proxy in front of the database, and what a process needs to go through it.
    func proxyToDatabase() async throws -> (proxy: TCPProxy, environment: [String: String]) {
        let proxy = try await TCPProxy(to: databasePort)
        return (
            proxy, ["TWITCHY_DATABASE_URL": databaseURL.replacing(":\(databasePort)/", with: ":\(proxy.port)/")]
        )
    }

    /// Runs a statement in the database of a role.
    func execute(_ statement: String) async throws {
        _ = try await scene.run(
            "psql", [databaseURL, "--quiet", "--command", statement], name: "statement-\(UUID().uuidString)")
    }

    func stopDatabase() async throws {
        _ = try await scene.run(
            Self.script("postgresql"), ["stop", "\(folder.path)/database", "immediate"], name: "stop-database")
    }

    func startDatabase() async throws {
        _ = try await scene.run(
            Self.script("postgresql"), ["start", "\(folder.path)/database", "\(databasePort)", "fsync=off"],
            name: "start-database-\(UUID().uuidString)")
    }

    // MARK: Roles

    /// A process of Twitchy, once its ports are open.
    struct Process {
        var child: ChildProcess
        var http = 0
        var rtmp = 0
        var icecast = 0
        var admin = 0

        var adminHTTP: HTTPClient { HTTPClient(port: admin) }
        var publicHTTP: HTTPClient { HTTPClient(port: http) }
    }

    /// Starts a process that may end soon.
    func launch(
        _ role: String, name: String, options: [String] = [], environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try scene.start(
            Products.server, [role] + TwitchyServer.freePorts + options, name: name,
            environment: self.environment.merging(environment) { _, new in new })
    }

    /// What an administrator's command prints.
    func command(_ arguments: [String]) async throws -> String {
        try await scene.run(
            Products.server, arguments, name: "command-\(UUID().uuidString)", environment: environment)
    }

    /// - Parameter environment: counts more than what all processes have.
    func start(
        _ role: String, name: String, options: [String] = [], environment: [String: String] = [:]
    ) async throws -> Process {
        let child = try launch(role, name: name, options: options, environment: environment)
        let line = try await eventually("\(name) serves", within: 30) { () -> LogLine? in
            if let exit = child.exit { throw TestFailure("\(name) ended with \(exit)") }
            return child.log.first { $0.message == "Serving" }
        }
        func port(_ key: String) -> Int { line[key].flatMap { Int($0) } ?? 0 }
        return Process(
            child: child, http: port("http.port"), rtmp: port("rtmp.port"), icecast: port("icecast.port"),
            admin: port("admin.port"))
    }

    /// nginx as `make run-distributed` has it, in front of these roles.
    func startEdge(
        accounts: Process, ingest: Process, web: Process, origins: [Process]
    ) async throws -> Process {
        let port = try await Self.freePort(in: scene)
        let child = try scene.start(
            Self.script("nginx"),
            [
                scene.file("nginx").path, "--listen", "\(port)", "--accounts", "\(accounts.http)", "--web",
                "\(web.http)", "--push", "\(ingest.icecast)",
            ] + origins.flatMap { ["--origin", "\($0.http)"] }, name: "nginx", isGroup: true)
        let edge = Process(child: child, http: port)
        _ = try await eventually("nginx serves", within: 10) { () -> Bool? in
            if let exit = child.exit { throw TestFailure("nginx ended with \(exit): \(child.messages)") }
            return (try? await edge.publicHTTP.get("/demo").status) == 200 ? true : nil
        }
        return edge
    }

    /// The stream of the channel demo, once a player can start at the origin.
    func stream(at origin: Process) async throws -> TwitchyServer.Stream {
        try await eventually("demo can be heard", within: 30, every: 0.1) {
            let reply = try await origin.publicHTTP.get("/hls/demo/master.m3u8")
            return reply.status == 200 ? try TwitchyServer.Stream(channel: "demo", master: reply.text) : nil
        }
    }
}
