import Foundation
import Testing

/// What the command says when it cannot do what it is told: one line, and a code that scripts understand.
@Suite(.heavy) struct CommandLineTests {
    private func fails(
        _ arguments: [String], with code: Int32, saying words: [String], environment: [String: String] = [:],
        in scene: Scene,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let child = try scene.start(
            Products.server, arguments, name: "command-\(UUID().uuidString)", environment: environment)
        let exit = try await child.waitForExit(within: 15)
        let lines = child.messages.split(separator: "\n")
        let what = "\(arguments.joined(separator: " ")): \(exit), \(child.messages.prefix(300))"
        #expect(exit == .code(code), "\(what)", sourceLocation: sourceLocation)
        #expect(lines.count == 1, "\(what)", sourceLocation: sourceLocation)
        let said = lines.first.map(String.init) ?? ""
        for word in words { #expect(said.contains(word), "\(what)", sourceLocation: sourceLocation) }
    }

    @Test func aDataFolderBelongsToOneServer() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            try await fails(
                ["serve", "--data", server.data.path] + TwitchyServer.freePorts, with: 69,
                saying: ["--data", server.data.path], in: scene)
            #expect(try await server.http.get("/healthz").status == 200)
        }
    }

    @Test func aPortInUseIsNamedWithItsOption() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let ports = [
                ("--http-port", server.ports.http), ("--rtmp-port", server.ports.rtmp),
                ("--icecast-port", server.ports.icecast), ("--admin-port", server.ports.admin),
            ]
            // Each waits a moment for a port that may be about to become free.
            try await withThrowingTaskGroup { attempts in
                for (option, port) in ports {
                    for supervision in [[], ["--no-supervise"]] {
                        var arguments = TwitchyServer.freePorts + supervision
                        let place = try #require(arguments.firstIndex(of: option))
                        arguments[place + 1] = "\(port)"
                        let data = scene.file("data\(option)\(supervision.count)").path
                        attempts.addTask { [arguments] in
                            try await fails(
                                ["serve", "--data", data] + arguments, with: 69, saying: [option, "\(port)"], in: scene)
                        }
                    }
                }
                try await attempts.waitForAll()
            }
        }
    }

    @Test func badOptionsAreRefusedInOneLine() async throws {
        try await Scene.run { scene in
            let data = scene.file("data").path
            for (arguments, word) in [
                (["--nonsense"], "--nonsense"), (["--http-port", "many"], "http-port"),
                (["--http-port", "70000"], "http-port"), (["--http-port", "-1"], "http-port"),
                (["--ladder", "mp3:128"], "ladder"), (["--ladder", ""], "ladder"), (["--latency", "none"], "latency"),
                (["--slots", "0"], "slots"), (["--event-loops", "0"], "event-loops"),
                (["--dvr", "soon"], "dvr"), (["--log-level", "loud"], "log-level"),
                (["--bind", "not an address"], "bind"), (["--trusted-proxies", "10.0.0.0/99"], "trusted-proxies"),
                (["--public-url", "radio"], "public-url"), (["--config", "/nowhere.yaml"], "nowhere.yaml"),
                (["--demo", "--bind", "0.0.0.0"], "--demo"),
            ] {
                let rest = TwitchyServer.freePorts.contains(arguments[0]) ? [] : TwitchyServer.freePorts
                try await fails(["serve", "--data", data] + rest + arguments, with: 64, saying: [word], in: scene)
            }
            // What the server itself finds, its supervisor does not say again.
            try await fails(
                ["serve", "--data", data, "--segment-store", "s3://bucket?endpoint=http://127.0.0.1:1"]
                    + TwitchyServer.freePorts, with: 64, saying: ["segment-store"], in: scene)
            try await fails(["sing"], with: 64, saying: ["sing"], in: scene)
            try await fails(["channel", "create", "A B", "--data", data], with: 64, saying: [], in: scene)
        }
    }

    /// The hint to push a tune is for the port that is open.
    @Test func theBannerNamesThePortInForce() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let hint = "make demo ARGS=\(server.rtmpAddress(key: "demo-key"))\n"
            _ = try await eventually("the banner is there") { server.process.output.contains(hint) ? true : nil }
        }
    }

    @Test func mistypedNamesAreAnsweredWithTheNearestOne() async throws {
        try await Scene.run { scene in
            let serve = ["serve", "--data", scene.file("data").path] + TwitchyServer.freePorts
            try await fails(["chanel"], with: 64, saying: ["chanel", "did you mean channel?"], in: scene)
            try await fails(
                ["channel", "craete", "radio", "--data", "x"], with: 64, saying: ["did you mean create?"], in: scene)
            try await fails(serve + ["--latencyy", "low"], with: 64, saying: ["'--latency'"], in: scene)
            try await fails(
                ["channel", "list", "--dat", "x"], with: 64, saying: ["'--data'"], in: scene)
            try await fails(
                serve, with: 64, saying: ["TWITCHY_DATABSE_URL", "did you mean TWITCHY_DATABASE_URL?"],
                environment: ["TWITCHY_DATABSE_URL": "sqlite:"], in: scene)
            let file = scene.file("typo.yaml")
            try "http_port: 0\n".write(to: file, atomically: true, encoding: .utf8)
            try await fails(
                serve + ["--config", file.path], with: 64, saying: ["http_port", "did you mean http-port?"], in: scene)
        }
    }

    @Test func aFileMayHaveLists() async throws {
        try await Scene.run { scene in
            let file = scene.file("lists.yaml")
            let text = "ladder: [aac:64, opus:96]\ntrusted-proxies:\n  - 10.0.0.0/8\n  - \"::1\"\n"
            try text.write(to: file, atomically: true, encoding: .utf8)
            // Others make variables of their own, which are not ours.
            let server = try await TwitchyServer.start(
                in: scene, options: ["--config", file.path],
                environment: ["TWITCHY_ORIGIN_PORT": "tcp://10.0.0.1:8080"])
            let line = try await server.waitForLog("Serving")
            #expect(line["ladder"] == "aac:64,opus:96")
            for (text, word) in [("http-port: [1, 2]", "one value"), ("data:", "no value"), ("- data", "keys")] {
                try "\(text)\n".write(to: file, atomically: true, encoding: .utf8)
                try await fails(["serve", "--config", file.path], with: 64, saying: [word], in: scene)
            }
        }
    }

    /// Causes stand in messages, in words.
    @Test func whatCannotBeUsedIsSaidWithItsCause() async throws {
        try await Scene.run { scene in
            let file = scene.file("file")
            try Data().write(to: file)
            for path in [file.path, file.path + "/below"] {
                try await fails(
                    ["serve", "--data", path] + TwitchyServer.freePorts, with: 69, saying: ["is not a folder"],
                    in: scene)
            }
            let serve = ["serve", "--data", scene.file("data").path] + TwitchyServer.freePorts
            try await fails(
                serve + ["--config", scene.folder.path], with: 64, saying: ["is a folder"], in: scene)
            try await fails(
                serve + ["--config", scene.file("none").path], with: 64, saying: ["No such file"], in: scene)
            for quota in ["--recording-quota", "--channel-quota"] {
                try await fails(serve + [quota, "5"], with: 64, saying: [quota, "5 bytes", "50GB"], in: scene)
            }
        }
    }
}
