import Foundation
import Testing

/// `serve` starts itself again when it dies, and knows when to give up.
@Suite(.heavy) struct SupervisorTests {
    private static let aac = ["-c:a", "aac", "-b:a", "256k"]

    /// An encoder and a listener only have to connect again: nobody is refused, and the stream goes on in a new epoch.
    @Test func aCrashInterruptsStreamsAndEndsNone() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 60, seed: 1)
            let output = ["-f", "flv", server.rtmpAddress(key: "demo-key")]
            let first = try scene.encoder(signal.file, Self.aac, to: output, name: "encoder-1")
            let stream = try await server.stream("demo")
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
            async let hearing = listener.listenOn(seconds: 20)
            try await Task.sleep(for: .seconds(4))

            let worker = try await server.worker()
            kill(worker, SIGSEGV)
            #expect(try await first.waitForExit(within: 10) != .code(0))
            // One attempt: it waits until there is somebody to answer it.
            let second = try scene.encoder(signal.file, Self.aac, to: output, name: "encoder-2")
            #expect(try await server.http.get("/healthz").status == 200)
            #expect(try await server.worker() != worker)

            let heard = try await hearing.parts
            #expect(second.isRunning, "\(second.messages)")
            #expect(try await server.stream("demo").identifier == stream.identifier)
            let epochs = Set(heard.map { $0.name.split(separator: "-")[0] })
            #expect(epochs == ["1", "2"], "\(epochs)")
            let sequences = heard.map { [$0.sequence, $0.part] }
            #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
            let died = try #require(server.log.first { $0.message == "The server died; starting it again" })
            #expect(died["signal"] == "SIGSEGV")
            let metrics = try await server.admin.get("/metrics").text
            #expect(metrics.contains("\ntwitchy_process_restarts_total 1\n"))
            server.process.send(SIGTERM)
            #expect(try await server.process.waitForExit(within: 10) == .code(0))
        }
    }

    /// Whoever connects between two servers waits, and is answered by the second one.
    @Test func connectionsWaitForTheNextServer() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for _ in 1...3 { try await server.killWorker(SIGKILL) }
            let worker = try await server.worker()
            kill(worker, SIGKILL)
            // After the fourth death there is no server for a second.
            _ = try await eventually("the fourth server is gone") { isAlive(worker) ? nil : true }
            let start = Moment.now
            #expect(try await server.http.get("/healthz").status == 200)
            #expect(Moment.now - start > 0.5, "nobody could have answered yet")
        }
    }

    @Test func fiveDeathsWithinAMinuteAreEnough() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for _ in 1...4 { try await server.killWorker(SIGKILL) }
            kill(try await server.worker(), SIGKILL)
            #expect(try await server.process.waitForExit(within: 10) == .code(70))
            let last = try #require(server.process.messages.split(separator: "\n").last)
            #expect(last.hasPrefix("twitchy: the server died 5 times within a minute, at last of SIGKILL"), "\(last)")
            #expect(server.log.count { $0.message == "The server died; starting it again" } == 4)
        }
    }

    /// No server stays behind without its supervisor: the next one finds ports and data free.
    @Test func aKilledSupervisorTakesTheServerAlong() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let worker = try await server.worker()
            server.process.kill()
            let ports = [
                "--http-port", "\(server.ports.http)", "--rtmp-port", "\(server.ports.rtmp)", "--icecast-port",
                "\(server.ports.icecast)", "--admin-port", "\(server.ports.admin)",
            ]
            let next = try await TwitchyServer.start(in: scene, name: "next", data: server.data, options: ports)
            #expect(!isAlive(worker))
            #expect(try await next.http.get("/healthz").status == 200)
        }
    }

    /// Signals reach the server, and what becomes of it becomes of the supervisor.
    @Test func signalsArePassedOn() async throws {
        try await Scene.run { scene in
            let early = try scene.start(
                Products.server, ["serve", "--data", scene.file("early").path] + TwitchyServer.freePorts, name: "early")
            try await Task.sleep(for: .milliseconds(150))
            early.send(SIGTERM)
            let end = try await early.waitForExit(within: 10)
            // Before there is a supervisor the signal ends the process itself.
            #expect(end == .code(0) || end == .signal(SIGTERM))
            for (signal, expected) in [
                (SIGINT, ChildProcess.Exit.code(0)), (SIGTERM, .code(0)), (SIGHUP, .signal(SIGHUP)),
            ] {
                let server = try await TwitchyServer.start(
                    in: scene, name: "server-\(signal)", data: scene.file("data-\(signal)"))
                let worker = try await server.worker()
                server.process.send(signal)
                #expect(try await server.process.waitForExit(within: 10) == expected)
                #expect(!isAlive(worker))
                #expect(!server.log.contains { $0.logger == "supervisor" }, "\(server.process.messages.suffix(500))")
            }
        }
    }

    /// Where others start it again, the process that was started is the server.
    @Test func supervisionCanBeLeftToOthers() async throws {
        try await Scene.run { scene in
            let file = scene.file("twitchy.yaml")
            try Data("no-supervise: true\n".utf8).write(to: file)
            for (name, options, environment) in [
                ("option", ["--no-supervise"], [:]), ("variable", [], ["TWITCHY_NO_SUPERVISE": "true"]),
                ("file", ["--config", file.path], [:]),
            ] {
                let server = try await TwitchyServer.start(
                    in: scene, name: name, data: scene.file("data-\(name)"), options: options,
                    environment: environment)
                // A backtrace with symbols takes long.
                server.process.send(SIGSEGV)
                #expect(try await server.process.waitForExit(within: 60) == .signal(SIGSEGV), "\(name)")
            }
        }
    }
}
