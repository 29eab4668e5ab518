import Foundation
import Testing

/// Whoever sends nonsense gets an end soon, and those who listen do not notice.
@Suite(.heavy) struct HostileInputTests {
    @Test func aStreamPlaysOnWhileOthersSendNonsense() async throws {
        try await Scene.run { scene in
            // The process whose memory is looked at.
            let server = try await TwitchyServer.start(in: scene, options: ["--no-supervise"])
            let signal = try await Signal.make(in: scene, seconds: 28)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac", "-b:a", "256k"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let recorder = try scene.record(server.address(stream.live("aac-256")), name: "recorder")
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
            async let hearing = listener.listen(seconds: 40)
            let before = try residentKilobytes(server)

            try await withThrowingTaskGroup { group in
                for attack in Attack.onRTMP { group.addTask { try await attack.run(port: server.ports.rtmp) } }
                for port in [server.ports.icecast, server.ports.http] {
                    for attack in Attack.onHTTP { group.addTask { try await attack.run(port: port) } }
                }
                group.addTask { try await crowd(server.ports.rtmp) }
                try await group.waitForAll()
            }

            let after = try residentKilobytes(server)
            #expect(after - before < 64 << 10, "\(after - before) kB more than before")
            #expect(try await server.admin.get("/readyz").status == 200)
            try await encoder.waitForSuccess(within: 40)
            try await recorder.player.waitForSuccess(within: 20)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            #expect(heard.longestGapSeconds(after: 1) < 0.8, "\(heard.longestGapSeconds(after: 1)) s")
            let comparison = try await signal.compare(recorder.file, in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 27.5, "\(comparison)")
            #expect(!server.log.contains { ["error", "critical"].contains($0.level) })
        }
    }

    /// Hundreds of connections that begin a handshake and say nothing more are gone after the deadline.
    private func crowd(_ port: Int) async throws {
        try await onThread {
            let connections = try (0..<400).map { _ in
                let connection = try TCPConnection(port: port)
                try connection.write([3, 0, 0])
                return connection
            }
            for connection in connections { _ = try? connection.readToEnd() }
        }
    }

    private func residentKilobytes(_ server: TwitchyServer) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.process.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
    }
}
