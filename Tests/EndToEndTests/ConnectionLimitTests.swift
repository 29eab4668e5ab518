import Foundation
import Testing

/// Connections cost file descriptors, which everything in the process needs.
@Suite(.heavy) struct ConnectionLimitTests {
    /// A crowd takes every place there is on every port: operators and administration still get in, and everybody
    /// does when the crowd has left.
    @Test func aFloodLeavesDescriptorsForOperation() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene, descriptors: 300)
            let crowd = try await onThread {
                var crowd: [TCPConnection] = []
                let ports = [(server.ports.http, 31), (server.ports.rtmp, 6), (server.ports.icecast, 6)]
                for (port, count) in ports {
                    for host in 2..<8 {
                        for _ in 0..<count { crowd.append(try TCPConnection(port: port, from: "127.0.0.\(host)")) }
                    }
                }
                return Kept(crowd)
            }
            let metrics = try await eventually("connections are refused at each port") { () -> String? in
                let metrics = try await server.admin.get("/metrics").text
                return ["http", "rtmp", "icecast"].allSatisfy { refused($0, metrics) > 0 } ? metrics : nil
            }
            #expect(try #require(value("twitchy_process_open_descriptors", metrics)) < 290)
            for _ in 0..<5 {
                #expect(try await server.admin.get("/healthz").status == 200)
                #expect(try await server.admin.get("/readyz").status == 200)
            }
            // Only some are told so at a time; the others are just closed.
            let full = try await eventually("a refusal is read") { try? await server.http.get("/healthz") }
            #expect(full.status == 503)
            #expect(full["Retry-After"] == "5")
            _ = try await server.makeChannel("unhurt")
            let warnings = server.log.filter { $0.message.hasPrefix("Connections refused") }
            #expect(!warnings.isEmpty && warnings.count <= 6, "\(warnings.count) lines")
            #expect(!server.log.contains { ["error", "critical"].contains($0.level) })

            crowd.leave()
            _ = try await eventually("there is room again") {
                try? await server.http.get("/healthz").status == 200 ? true : nil
            }
        }
    }

    /// Where descriptors run out all the same, the server waits for them: it does not spin, what is open goes on, and
    /// new connections come in when there are descriptors again.
    @Test func descriptorsThatRunOutAreWaitedFor() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let process = try await server.worker()
            let admin = try await onThread { Kept([try HTTPConnection(port: server.ports.admin)]) }
            func metrics() async throws -> String { try await onThread { try admin.first.get("/metrics").text } }
            let before = try #require(value("twitchy_process_open_descriptors", try await metrics()))
            _ = try await scene.run(
                "prlimit", ["--pid", "\(process)", "--nofile=\(Int(before) + 10):"], name: "prlimit")
            let crowd = try await onThread {
                Kept(
                    try [server.ports.http, server.ports.rtmp, server.ports.icecast].flatMap { port in
                        try (0..<30).map { _ in try TCPConnection(port: port) }
                    })
            }
            _ = try await server.waitForLog("Connections wait: no file descriptors are left")
            let start = try #require(value("twitchy_process_cpu_seconds_total", try await metrics()))
            try await Task.sleep(for: .seconds(4))
            let end = try #require(value("twitchy_process_cpu_seconds_total", try await metrics()))
            #expect(end - start < 1.5, "\(end - start) s of processor time in 4 s")
            #expect(try await onThread { try admin.first.get("/healthz").status } == 200)
            let lines = server.log.filter { $0.message.hasPrefix("Connections wait") }
            #expect(lines.count <= 3, "\(lines.count) lines")

            crowd.leave()
            _ = try await scene.run("prlimit", ["--pid", "\(process)", "--nofile=1000:"], name: "prlimit-back")
            for port in [server.ports.http, server.ports.icecast] {
                _ = try await eventually("port \(port) answers again") {
                    try await HTTPClient(port: port).get("/healthz").status == 200 ? true : nil
                }
            }
        }
    }

    private func value(_ name: String, _ metrics: String) -> Double? {
        metrics.split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.flatMap {
            Double($0)
        }
    }

    /// How many connections a listener refused, for whatever reason.
    private func refused(_ listener: String, _ metrics: String) -> Double {
        metrics.split(separator: "\n")
            .filter {
                $0.hasPrefix("twitchy_server_refused_connections_total{") && $0.contains("listener=\"\(listener)\"")
            }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

/// Connections that stay open until they are to leave. One thread at a time uses them.
private final class Kept<Connection>: @unchecked Sendable {
    private var connections: [Connection]

    init(_ connections: [Connection]) { self.connections = connections }

    var first: Connection { connections[0] }

    func leave() { connections = [] }
}
