import Foundation
import Testing

/// Commands of administration work on the data of the server that runs, say which they are, and never make others in
/// silence.
@Suite(.heavy) struct AdministrationTests {
    /// Runs a command that is told no folder unless `arguments` name one.
    private func run(_ arguments: [String], in scene: Scene) async throws -> (
        exit: ChildProcess.Exit, child: ChildProcess
    ) {
        let child = try scene.start(Products.server, arguments, name: "command-\(UUID().uuidString)")
        return (try await child.waitForExit(within: 20), child)
    }

    @Test func aCommandThatIsToldNothingFindsTheServer() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let made = try await run(["channel", "create", "found"], in: scene)
            #expect(made.exit == .code(0), "\(made.child.messages)")
            let said = made.child.messages.split(separator: "\n")
            #expect(said.count == 1 && said.first?.contains(server.data.path) == true, "\(said)")
            #expect(said.first?.contains("\(server.process.identifier)") == true, "\(said)")
            #expect(made.child.output.contains("channel    found\nstream key found_"), "\(made.child.output)")
            #expect(try await server.http.get("/api/v1/channels/found").status == 200)
            let files = FileManager.default
            for file in [server.data.appending(path: "server.json"), scene.file("twitchy")] {
                let mode = try files.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
                #expect(mode.map { $0 & 0o077 } == 0, "\(file.path)")
            }

            _ = try await eventually("the server is ready") {
                try await server.admin.get("/readyz").status == 200 ? true : nil
            }
            let status = try await run(["status"], in: scene)
            #expect(status.exit == .code(0), "\(status.child.messages)")
            #expect(status.child.output.hasPrefix("server     ready\n"), "\(status.child.output)")
            #expect(status.child.messages.contains(":\(server.ports.admin)"), "\(status.child.messages)")
            let replay = try await run(["replay", "accounts"], in: scene)
            #expect(replay.exit == .code(0), "\(replay.child.messages)")

            let other = try await TwitchyServer.start(in: scene, name: "other", data: scene.file("other"))
            let torn = try await run(["channel", "create", "torn"], in: scene)
            #expect(torn.exit == .code(64), "\(torn.child.messages)")
            for data in [server.data, other.data] { #expect(torn.child.messages.contains(data.path)) }
            let chosen = try await run(["channel", "create", "chosen", "--data", other.data.path], in: scene)
            #expect(chosen.exit == .code(0), "\(chosen.child.messages)")
            #expect(try await other.http.get("/api/v1/channels/chosen").status == 200)

            server.process.send(SIGTERM)
            #expect(try await server.process.waitForExit(within: 15) == .code(0))
            #expect(!files.fileExists(atPath: server.data.appending(path: "server.json").path))
            let left = try await run(["channel", "create", "left_over"], in: scene)
            #expect(left.exit == .code(0), "\(left.child.messages)")
            #expect(try await other.http.get("/api/v1/channels/left_over").status == 200)
        }
    }

    /// What is printed is what encoders take, with the ports that are open.
    @Test func aNewChannelSaysWhatToPaste() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let made = try await run(["channel", "create", "pasted"], in: scene)
            let output = made.child.output
            let key = try #require(output.firstMatch(of: /stream key (\S+)\n/)?.1)
            #expect(output.contains("page       \(server.address("/pasted"))\n"), "\(output)")
            #expect(output.contains("RTMP, OBS  rtmp://127.0.0.1:\(server.ports.rtmp)/live\n"), "\(output)")
            #expect(
                output.contains(
                    "host 127.0.0.1, port \(server.ports.icecast), mount /pasted, user source, password \(key)\n"),
                "\(output)")
            let line = try #require(output.firstMatch(of: /ffmpeg     (ffmpeg .+)/)?.1)
            let signal = try await Signal.make(in: scene, seconds: 5)
            let push = try scene.start(
                "bash", ["-c", String(line).replacing("-i FILE", with: "-i \(signal.file.path)")], name: "pasted-push")
            _ = try await server.stream("pasted")
            try await push.waitForSuccess(within: 30)

            server.process.kill()
            let rotated = try await run(
                [
                    "channel", "rotate-key", "pasted", "--data", server.data.path, "--bind", "0.0.0.0", "--public-url",
                    "https://radio.example", "--rtmp-port", "1945",
                ], in: scene)
            #expect(
                rotated.child.output.contains("page       https://radio.example/pasted\n"), "\(rotated.child.output)")
            #expect(
                rotated.child.output.contains("RTMP, OBS  rtmp://radio.example:1945/live\n"),
                "\(rotated.child.output)")
        }
    }

    @Test func aNameThatContradictsTheServerIsRefused() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for arguments in [[], ["--data", server.data.path]] {
                let made = try await run(
                    ["channel", "create", "torn", "--database-url", "postgres://u:geheim@db.example/radio"] + arguments,
                    in: scene)
                #expect(made.exit == .code(64), "\(made.child.messages)")
                #expect(made.child.messages.contains("postgres://db.example:5432/radio"), "\(made.child.messages)")
                #expect(made.child.messages.contains("accounts.sqlite"), "\(made.child.messages)")
                #expect(!made.child.messages.contains("geheim"), "\(made.child.messages)")
            }
            let port = try await run(
                ["channel", "create", "torn", "--data", server.data.path, "--admin-port", "1"], in: scene)
            #expect(
                port.exit == .code(64) && port.child.messages.contains("\(server.ports.admin)"),
                "\(port.child.messages)")
        }
    }

    @Test func dataWithoutAServerAreSaidToBe() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            // Its files stay, and say nothing any more.
            server.process.kill()
            let data = ["--data", server.data.path]
            let made = try await run(["channel", "create", "alone"] + data, in: scene)
            #expect(made.exit == .code(0), "\(made.child.messages)")
            #expect(made.child.messages.contains("no server runs"), "\(made.child.messages)")
            let replay = try await run(["replay", "accounts"] + data, in: scene)
            #expect(replay.exit == .code(69), "\(replay.child.messages)")
            #expect(replay.child.output.isEmpty)
            let status = try await run(["status"] + data, in: scene)
            #expect(status.exit == .code(69), "\(status.child.messages)")

            let nothing = scene.file("nothing")
            for command in [
                ["channel", "create", "lost"], ["user", "create", "lost"], ["status"], ["replay", "accounts"],
            ] {
                let lost = try await run(command + ["--data", nothing.path], in: scene)
                #expect(lost.exit == .code(66), "\(command): \(lost.child.messages)")
                let said = lost.child.messages.split(separator: "\n")
                #expect(said.count == 1 && said.first?.contains("--offline") == true, "\(command): \(said)")
            }
            #expect(!FileManager.default.fileExists(atPath: nothing.path))
            let first = try await run(["channel", "create", "first", "--offline", "--data", nothing.path], in: scene)
            #expect(first.exit == .code(0), "\(first.child.messages)")
            let started = try await TwitchyServer.start(in: scene, name: "started", data: nothing)
            #expect(try await started.http.get("/api/v1/channels/first").status == 200)
        }
    }
}
