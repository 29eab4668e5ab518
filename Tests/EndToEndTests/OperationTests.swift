import Foundation
import Testing

/// What operators see of a server.
@Suite(.heavy) struct OperationTests {
    @Test func healthAndMetricsTellHowItGoes() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            #expect(try await server.http.get("/healthz").status == 200)
            #expect(try await server.admin.get("/healthz").status == 200)
            // Ready as soon as each dependency was looked at once.
            let ready = try await eventually("the server is ready") {
                let answer = try await server.admin.get("/readyz")
                return answer.status == 200 ? answer : nil
            }
            #expect(ready["Content-Type"] == "application/json")
            let report = try JSONDecoder().decode(Readiness.self, from: ready.body)
            #expect(report.ready)
            #expect(!report.checks.isEmpty, "the state of each dependency: \(ready.text)")
            // Metrics are for operators.
            #expect(try await server.http.get("/metrics").status == 404)

            let signal = try await Signal.make(in: scene, seconds: 5)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            _ = try await server.stream("demo")
            let metrics = try await metrics(server)
            #expect(metrics["twitchy_ingest_live_streams"] == 1)
            #expect(metrics["twitchy_ingest_packets_total"].map { $0 > 50 } == true)
            #expect(metrics["twitchy_transcoder_active_streams"] == 1)
            #expect(metrics["twitchy_process_resident_memory_bytes"].map { $0 > 1_000_000 } == true)
            try await encoder.waitForSuccess(within: 20)
            _ = try await eventually("no stream is live") {
                try await self.metrics(server)["twitchy_ingest_live_streams"] == 0 ? true : nil
            }
        }
    }

    /// A player that is not ours is counted where it gets playlists; ours, which reports itself, is not. Neither kind
    /// can be invented by the hundred.
    @Test func listenersAreCountedOnceAndNotMadeUp() async throws {
        try await Scene.run { scene in
            let signal = try await Signal.make(in: scene, seconds: 45)
            let server = try await TwitchyServer.start(in: scene)
            _ = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            func listeners() async throws -> Int {
                struct Channel: Decodable { var listeners: Int }
                let answer = try await server.http.get("/api/v1/channels/demo")
                return try JSONDecoder().decode(Channel.self, from: answer.body).listeners
            }
            #expect(try await listeners() == 0, "the tests themselves asked for no playlist yet")
            let recorder = try scene.record(server.address(stream.live("aac-64")), name: "recorder")
            _ = try await eventually("ffmpeg is counted", within: 15) { try await listeners() == 1 ? true : nil }
            let playlist = stream.live("aac-64")
            let master = server.address(playlist)
            _ = try scene.start(
                "curl", ["-s", "-o", "/dev/null", "-A", "ours", "-H", "Twitchy-Player: 1", master], name: "ours")
            _ = try scene.start("curl", ["-s", "-o", "/dev/null", "-A", "other", master], name: "other")
            _ = try await eventually("curl is counted once", within: 15) { try await listeners() == 2 ? true : nil }

            // Whoever gets no playlist hears nothing, and one address is a few listeners at most.
            let none = playlist.replacingOccurrences(of: "aac-64", with: "none")
            #expect(try await server.http.get(none, ["User-Agent": "lost"]).status == 404)
            for number in 0..<20 { _ = try await server.http.get(playlist, ["User-Agent": "agent \(number)"]) }
            // Our page's player is counted by a session that the server signed.
            let presence = "/api/v1/channels/demo/presence"
            let session = try #require(
                try await server.http.send("POST", presence, ["Twitchy-Player": "1"])["Twitchy-Session"])
            let forged = String(session.reversed())
            for _ in 0..<20 {
                let answer = try await server.http.send(
                    "POST", presence, ["Twitchy-Player": "1", "Twitchy-Session": forged])
                #expect(answer.status == 204 && answer["Twitchy-Session"] != nil)
            }
            for _ in 0..<3 {
                let answer = try await server.http.send(
                    "POST", presence, ["Twitchy-Player": "1", "Twitchy-Session": session])
                #expect(answer.status == 204 && answer["Twitchy-Session"] == nil)
                #expect(answer["Cache-Control"] == "no-store")
            }
            _ = try await eventually("four and our own are counted", within: 15) {
                try await listeners() == 5 ? true : nil
            }
            try await Task.sleep(for: .seconds(6))
            #expect(try await listeners() == 5)
            recorder.player.kill()
        }
    }

    private struct Readiness: Decodable {
        struct Anything: Decodable {}
        var ready: Bool
        var checks: [String: Anything]
    }

    /// Every line is a comment or a sample of the text format.
    private func metrics(_ server: TwitchyServer) async throws -> [String: Double] {
        let reply = try await server.admin.get("/metrics")
        #expect(reply["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        var metrics: [String: Double] = [:]
        for line in reply.text.split(separator: "\n") {
            if line.wholeMatch(of: /# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*/) != nil { continue }
            let sample = try #require(
                line.wholeMatch(of: /(twitchy_[a-z0-9_]+)(\{[^}]*\})? ([-+0-9.eE]+|NaN|[+-]Inf)/), "\(line)")
            if sample.2 == nil { metrics[String(sample.1)] = Double(sample.3) }
        }
        return metrics
    }

    /// Log lines are JSON, and neither a stream key nor a query string is ever in them, however much is logged.
    @Test func nothingSecretIsLogged() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene, options: ["--log-level", "trace"])
            let channel = try await server.makeChannel("secretive")
            let signal = try await Signal.make(in: scene, seconds: 4)
            let wrong = "wr0ngk3ywr0ngk3ywr0ngk3y"
            let rtmp = try scene.encoder(
                signal.file, ["-c:a", "aac"],
                to: ["-f", "flv", server.rtmpAddress(key: "\(channel.key)?user=quiz&pass=\(wrong)")], name: "rtmp")
            _ = try await server.stream(channel.name)
            try await rtmp.waitForSuccess(within: 20)
            let icecast = try scene.encoder(
                signal.file, ["-c:a", "libmp3lame"],
                to: ["-f", "mp3", server.icecastAddress(channel.name, key: channel.key)], name: "icecast")
            _ = try await server.stream(channel.name)
            try await icecast.waitForSuccess(within: 20)
            let refused = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: wrong)], name: "refused")
            try await refused.waitForExit(within: 20)
            for key in [channel.key, wrong] {
                let basic = Data("source:\(key)".utf8).base64EncodedString()
                for authorization in ["Bearer \(key)", "Basic \(basic)"] {
                    _ = try await server.icecast.send(
                        "GET", "/admin/metadata?mode=updinfo&song=A%20-%20B&pass=\(key)",
                        ["Authorization": authorization])
                }
                _ = try await server.http.get("/hls/secretive/master.m3u8?token=\(key)")
                _ = try await server.http.get("/secretive?key=\(key)")
                _ = try await server.http.get("/api/v1/channels/secretive?key=\(key)")
            }
            server.process.send(SIGTERM)
            #expect(try await server.process.waitForExit(within: 10) == .code(0))

            let said = server.process.output + server.process.messages
            #expect(server.log.count > 10)
            let lines = server.process.messages.split(separator: "\n")
            #expect(server.log.count == lines.count, "every line is JSON")
            #expect(server.log.contains { $0.message == "GET /hls/secretive/master.m3u8" }, "requests are logged")
            let secrets = [channel.key, wrong].flatMap { [$0, Data("source:\($0)".utf8).base64EncodedString()] }
            for secret in secrets { #expect(!said.contains(secret), "\(secret) is in the output") }
            #expect(!said.contains("token=") && !said.contains("updinfo") && !said.contains("?"))
        }
    }
}
