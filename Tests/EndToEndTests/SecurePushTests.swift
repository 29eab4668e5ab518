import Foundation
import Testing

/// Stream keys travel encrypted where the server has a certificate.
@Suite(.heavy) struct SecurePushTests {
    @Test func encodersPushOverTLSAndPlainOnTheSamePorts() async throws {
        try await Scene.run { scene in
            let certificate = try await Certificate.make("one", in: scene)
            let server = try await TwitchyServer.start(
                in: scene, options: certificate.options + ["--ladder", "aac:64"])
            let rtmps = try await securePort(server)
            let signal = try await Signal.make(in: scene, seconds: 12)
            let icecast = server.ports.icecast
            let ways: [(name: String, output: [String])] = [
                ("rtmps", ["-c:a", "aac", "-f", "flv", "rtmps://127.0.0.1:\(rtmps)/live/KEY"]),
                ("rtmp", ["-c:a", "aac", "-f", "flv", "rtmp://127.0.0.1:\(server.ports.rtmp)/live/KEY"]),
                (
                    "icecasts",
                    [
                        "-c:a", "libmp3lame", "-content_type", "audio/mpeg", "-tls", "1", "-f", "mp3",
                        "icecast://source:KEY@127.0.0.1:\(icecast)/CHANNEL",
                    ]
                ),
                (
                    "https",
                    [
                        "-c:a", "flac", "-f", "ogg", "-method", "PUT",
                        "https://source:KEY@127.0.0.1:\(icecast)/push/CHANNEL",
                    ]
                ),
                (
                    "http",
                    [
                        "-c:a", "flac", "-f", "ogg", "-method", "PUT",
                        "http://source:KEY@127.0.0.1:\(icecast)/push/CHANNEL",
                    ]
                ),
            ]
            var encoders: [(name: String, process: ChildProcess)] = []
            for way in ways {
                let channel = try await server.makeChannel("by_\(way.name)")
                let output = way.output.map {
                    $0.replacingOccurrences(of: "KEY", with: channel.key)
                        .replacingOccurrences(of: "CHANNEL", with: channel.name)
                }
                encoders.append((way.name, try scene.encoder(signal.file, [], to: output, name: way.name)))
            }
            for way in ways { _ = try await server.stream("by_\(way.name)") }
            for encoder in encoders { try await encoder.process.waitForSuccess(within: 30) }
            #expect(server.log.filter { ["error", "critical"].contains($0.level) }.isEmpty)
        }
    }

    /// A new certificate is seen by the next connection, a broken one by nobody, and pushes go on through both.
    @Test func certificatesAreReplacedWhileEncodersPush() async throws {
        try await Scene.run { scene in
            let first = try await Certificate.make("first", in: scene)
            let second = try await Certificate.make("second", in: scene)
            let server = try await TwitchyServer.start(in: scene, options: first.options)
            let rtmps = try await securePort(server)
            let signal = try await Signal.make(in: scene, seconds: 15)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", "rtmps://127.0.0.1:\(rtmps)/live/demo-key"])
            _ = try await server.stream("demo")
            #expect(try await subject(rtmps, scene).contains("first"))

            try first.replace(by: second)
            _ = try await server.waitForLog("Certificate read again")
            #expect(try await subject(rtmps, scene).contains("second"))
            #expect(try await subject(server.ports.icecast, scene).contains("second"))

            try "nothing".write(to: first.key, atomically: true, encoding: .utf8)
            let warning = try await server.waitForLog("The new certificate cannot be used; the old one stays")
            #expect(warning["reason"]?.contains("--tls-key") == true)
            try await Task.sleep(for: .seconds(3))
            #expect(server.log.filter { $0.message == warning.message }.count == 1)
            #expect(try await subject(rtmps, scene).contains("second"))
            try await encoder.waitForSuccess(within: 30)
        }
    }

    @Test func badCertificatesAreRefusedInOneLine() async throws {
        try await Scene.run { scene in
            let one = try await Certificate.make("one", in: scene)
            let two = try await Certificate.make("two", in: scene)
            for (options, words) in [
                (["--tls-certificate", one.certificate.path], "--tls-certificate needs --tls-key"),
                (["--tls-key", one.key.path], "--tls-key needs --tls-certificate"),
                (["--tls-certificate", "/nowhere", "--tls-key", one.key.path], "/nowhere: does not exist"),
                (
                    ["--tls-certificate", one.certificate.path, "--tls-key", two.key.path],
                    "does not belong to the certificate"
                ),
            ] {
                let child = try scene.start(
                    Products.server, ["serve", "--data", scene.file("data").path] + TwitchyServer.freePorts + options,
                    name: "serve-\(UUID().uuidString)")
                #expect(try await child.waitForExit(within: 15) == .code(64), "\(options)")
                #expect(child.messages.split(separator: "\n").count == 1, "\(child.messages)")
                #expect(child.messages.contains(words), "\(child.messages)")
            }
        }
    }

    /// Whoever begins a handshake and does not end it has no more time than others.
    @Test func handshakesThatDoNotEndAreClosed() async throws {
        try await Scene.run { scene in
            let certificate = try await Certificate.make("one", in: scene)
            let server = try await TwitchyServer.start(in: scene, options: certificate.options)
            let ports = [try await securePort(server), server.ports.icecast]
            // The head of a record that announces 16 KiB, and as much of it as makes no hello.
            let beginning: [UInt8] = [0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc, 3, 3]
            try await withThrowingTaskGroup { group in
                for port in ports {
                    group.addTask {
                        try await onThread {
                            let connection = try TCPConnection(port: port)
                            try connection.write(beginning)
                            let start = Moment.now
                            // A reset ends it as well.
                            _ = try? connection.readToEnd()
                            #expect(Moment.now - start < 22, "port \(port)")
                        }
                    }
                    group.addTask {
                        try await onThread {
                            let connection = try TCPConnection(port: port)
                            try connection.write(beginning.dropLast(6) + [UInt8](repeating: 0x41, count: 20_000))
                            let start = Moment.now
                            _ = try? connection.readToEnd()
                            #expect(Moment.now - start < 5, "port \(port)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.log.filter { ["warning", "error", "critical"].contains($0.level) }.isEmpty)
        }
    }

    private func securePort(_ server: TwitchyServer) async throws -> Int {
        let line = try await server.waitForLog("Serving")
        return try #require(line["rtmps.port"].flatMap { Int($0) })
    }

    /// The name in the certificate that a new connection is shown.
    private func subject(_ port: Int, _ scene: Scene) async throws -> String {
        try await scene.run(
            "bash",
            [
                "-c",
                "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -subject",
            ],
            name: "subject-\(UUID().uuidString)")
    }
}

/// A certificate that vouches for itself, and its key.
private struct Certificate {
    let certificate: URL
    let key: URL

    static func make(_ name: String, in scene: Scene) async throws -> Certificate {
        let made = Certificate(certificate: scene.file("\(name).crt"), key: scene.file("\(name).key"))
        _ = try await scene.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=\(name)", "-keyout",
                made.key.path, "-out", made.certificate.path,
            ], name: "openssl-\(name)")
        return made
    }

    var options: [String] {
        ["--tls-certificate", certificate.path, "--tls-key", key.path, "--rtmps-port", "0"]
    }

    /// One file after the other, each by a new file that takes the name.
    func replace(by other: Certificate) throws {
        for (old, new) in [(certificate, other.certificate), (key, other.key)] {
            let temporary = old.appendingPathExtension("new")
            try FileManager.default.copyItem(at: new, to: temporary)
            guard rename(temporary.path, old.path) == 0 else { throw TestFailure("\(old.path) not replaced") }
        }
    }
}
