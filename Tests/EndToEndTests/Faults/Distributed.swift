import Foundation

/// Twitchy as separate processes on a RabbitMQ and a PostgreSQL of their own.
final class Distributed: Sendable {
    let scene: Scene
    /// Of the servers; it is not the scene's, whose files are the test's own.
    private let folder: URL
    private let environment: [String: String]
    private let databasePort: Int

    private init(scene: Scene, folder: URL, databasePort: Int, broker: String) {
        self.scene = scene
        self.folder = folder
        self.databasePort = databasePort
        environment = [
            "TWITCHY_AMQP_URL": broker,
            "TWITCHY_DATABASE_URL": "postgres://twitchy:twitchy@127.0.0.1:\(databasePort)/twitchy",
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
            let port = try await scene.run(
                Products.python,
                ["-c", "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"],
                name: "port")
            guard let databasePort = Int(port.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw TestFailure("no free port: \(port)")
            }
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

    // MARK: Servers

    func stopBroker() async throws {
        _ = try await scene.run(
            Self.script("rabbitmq"), ["stop", "\(folder.path)/broker"], name: "stop-broker", within: 60)
    }

    func startBroker() async throws {
        _ = try await scene.run(
            Self.script("rabbitmq"), ["start", "\(folder.path)/broker"], name: "start-broker-again", within: 90)
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
        var admin = 0

        var adminHTTP: HTTPClient { HTTPClient(port: admin) }
        var publicHTTP: HTTPClient { HTTPClient(port: http) }
    }

    func start(_ role: String, name: String, options: [String] = []) async throws -> Process {
        let child = try scene.start(
            Products.server, [role] + TwitchyServer.freePorts + options, name: name, environment: environment)
        let line = try await eventually("\(name) serves", within: 30) { () -> LogLine? in
            if let exit = child.exit { throw TestFailure("\(name) ended with \(exit)") }
            return child.log.first { $0.message == "Serving" }
        }
        func port(_ key: String) -> Int { line[key].flatMap { Int($0) } ?? 0 }
        return Process(child: child, http: port("http.port"), rtmp: port("rtmp.port"), admin: port("admin.port"))
    }

    /// The stream of the channel demo, once a player can start at the origin.
    func stream(at origin: Process) async throws -> TwitchyServer.Stream {
        try await eventually("demo can be heard", within: 30, every: 0.1) {
            let reply = try await origin.publicHTTP.get("/hls/demo/master.m3u8")
            return reply.status == 200 ? try TwitchyServer.Stream(channel: "demo", master: reply.text) : nil
        }
    }
}
