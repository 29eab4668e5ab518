import Foundation

/// A server on free ports.
final class TwitchyServer: Sendable {
    let process: ChildProcess
    let data: URL
    let ports: Ports
    private let scene: Scene

    struct Ports {
        var http: Int
        var rtmp: Int
        var icecast: Int
        var admin: Int
    }

    private init(process: ChildProcess, data: URL, ports: Ports, scene: Scene) {
        self.process = process
        self.data = data
        self.ports = ports
        self.scene = scene
    }

    static let freePorts = [
        "--http-port", "0", "--rtmp-port", "0", "--icecast-port", "0", "--admin-port", "0",
    ]

    /// Starts a server with the demo channel, and waits until its ports are open.
    /// - Parameter descriptors: how many files it may have open; nil for as many as the tests.
    static func start(
        in scene: Scene, name: String = "server", data: URL? = nil, options: [String] = [],
        environment: [String: String] = [:], descriptors: Int? = nil
    ) async throws -> TwitchyServer {
        let data = data ?? scene.file("data")
        var command = descriptors.map { ["prlimit", "--nofile=\($0)"] } ?? []
        command += [Products.server, "serve", "--demo", "--data", data.path] + freePorts + options
        let process = try scene.start(command[0], Array(command.dropFirst()), name: name, environment: environment)
        let line = try await eventually("\(name) serves", within: 20) { () -> LogLine? in
            if let exit = process.exit { throw TestFailure("\(name) ended with \(exit)") }
            return process.log.first { $0.message == "Serving" }
        }
        func port(_ key: String) throws -> Int {
            guard let port = line[key].flatMap({ Int($0) }) else { throw TestFailure("the log names no \(key)") }
            return port
        }
        let ports = Ports(
            http: try port("http.port"), rtmp: try port("rtmp.port"), icecast: try port("icecast.port"),
            admin: try port("admin.port"))
        return TwitchyServer(process: process, data: data, ports: ports, scene: scene)
    }

    // MARK: Addresses

    var http: HTTPClient { HTTPClient(port: ports.http) }
    var icecast: HTTPClient { HTTPClient(port: ports.icecast) }
    var admin: HTTPClient { HTTPClient(port: ports.admin) }

    func address(_ path: String) -> String { "http://127.0.0.1:\(ports.http)\(path)" }
    func rtmpAddress(key: String) -> String { "rtmp://127.0.0.1:\(ports.rtmp)/live/\(key)" }
    func icecastAddress(_ channel: String, key: String) -> String {
        "icecast://source:\(key)@127.0.0.1:\(ports.icecast)/\(channel)"
    }
    func pushAddress(_ channel: String) -> String { "http://127.0.0.1:\(ports.icecast)/push/\(channel)" }

    // MARK: Channels

    struct Channel {
        var name: String
        var key: String
    }

    static let demo = Channel(name: "demo", key: "demo-key")

    /// Makes a channel with the command of administration, while the server runs.
    func makeChannel(_ name: String) async throws -> Channel {
        let output = try await scene.run(
            Products.server, ["channel", "create", name, "--data", data.path], name: "create-\(name)")
        guard let key = output.split(separator: "\n").first(where: { $0.hasPrefix("stream key ") })?.dropFirst(11)
        else { throw TestFailure("no stream key in: \(output)") }
        return Channel(name: name, key: String(key))
    }

    // MARK: Streams

    /// The stream that a channel has on the air, once a player can start.
    func stream(_ channel: String, within seconds: Double = 20) async throws -> Stream {
        try await eventually("\(channel) can be heard", within: seconds, every: 0.1) {
            let reply = try await http.get("/hls/\(channel)/master.m3u8")
            return reply.status == 200 ? try Stream(channel: channel, master: reply.text) : nil
        }
    }

    /// The master playlist of a recording, once the recording is complete.
    func recording(_ stream: Stream, within seconds: Double = 15) async throws -> String {
        let path = "/hls/\(stream.channel)/recordings/\(stream.identifier)"
        return try await eventually("the recording is complete", within: seconds, every: 0.1) {
            let playlist = try await http.get("\(path)/\(stream.renditions[0])/vod.m3u8")
            guard playlist.status == 200, playlist.text.contains("#EXT-X-ENDLIST") else { return nil }
            return address("\(path)/master.m3u8")
        }
    }

    struct Stream {
        var channel: String
        var identifier: String
        /// In the order of the multivariant playlist.
        var renditions: [String]

        init(channel: String, master: String) throws {
            self.channel = channel
            let variants = master.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: "/") }
            guard let first = variants.first, variants.allSatisfy({ $0.count == 3 && $0[0] == first[0] }) else {
                throw TestFailure("not a multivariant playlist of one stream: \(master)")
            }
            identifier = String(first[0])
            renditions = variants.map { String($0[1]) }
        }

        func folder(_ rendition: String) -> String { "/hls/\(channel)/\(identifier)/\(rendition)" }
        func live(_ rendition: String) -> String { "\(folder(rendition))/live.m3u8" }
        func rewind(_ rendition: String) -> String { "\(folder(rendition))/rewind.m3u8" }
    }

    // MARK: Log

    var log: [LogLine] { process.log }

    func waitForLog(
        _ message: String, within seconds: Double = 10, where condition: (LogLine) -> Bool = { _ in true }
    ) async throws -> LogLine {
        try await eventually("the log says \(message)", within: seconds) {
            log.first { $0.message == message && condition($0) }
        }
    }
}
