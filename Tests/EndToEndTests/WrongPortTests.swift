import Foundation
import Testing

/// Whoever comes to the wrong port is told which is the right one, as far as its protocol has room for words.
@Suite(.heavy) struct WrongPortTests {
    /// The lines of a message, once there are so many.
    private static func lines(_ message: String, _ server: TwitchyServer, count: Int) async throws -> [LogLine] {
        try await eventually("\(count) lines say \(message)") {
            let lines = server.log.filter { $0.message == message }
            return lines.count >= count ? lines : nil
        }
    }

    @Test func anEncoderOfRTMPIsToldItsPort() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let sentence = "Push RTMP to port \(server.ports.rtmp)."
            for (name, port) in [("http", server.ports.http), ("icecast", server.ports.icecast)] {
                let encoder = try scene.start(
                    "ffmpeg",
                    [
                        "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=20", "-c:a",
                        "aac",
                        "-f", "flv", "rtmp://127.0.0.1:\(port)/live/demo-key",
                    ], name: "encoder-\(name)")
                #expect(try await encoder.waitForExit(within: 15) != .code(0))
                #expect(encoder.messages.contains(sentence), "\(name): \(encoder.messages)")
            }
            let lines = try await Self.lines("Connection refused", server, count: 2)
            #expect(lines.count == 2, "\(lines)")
            #expect(lines.allSatisfy { $0["client"] == "127.0.0.1" && $0["reason"]?.hasSuffix(sentence) == true })
        }
    }

    @Test func whoSpeaksHTTPIsToldItsPort() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let sentence = "Push over Icecast or HTTP to port \(server.ports.icecast)."
            let rtmp = HTTPClient(port: server.ports.rtmp)
            for (client, method, path) in [
                (rtmp, "GET", "/demo"), (rtmp, "SOURCE", "/demo"), (server.http, "PUT", "/demo"),
                (server.http, "SOURCE", "/demo"), (server.http, "POST", "/push/demo"),
            ] {
                let reply = try await client.send(method, path, ["Authorization": "Basic c291cmNlOmRlbW8ta2V5"])
                #expect(reply.status == 421 && reply.reason.contains(sentence), "\(method) at \(client.port): \(reply)")
                #expect(reply.text.contains(sentence))
            }
            let pages = try await rtmp.get("/demo").text
            #expect(pages.contains("Pages and playlists are at port \(server.ports.http)."))
            for message in ["Connection refused", "Push refused"] {
                let lines = try await Self.lines(message, server, count: 3)
                #expect(lines.allSatisfy { $0["client"] == "127.0.0.1" }, "\(lines)")
            }
            // The connection of a page is not the worse for it.
            #expect(try await server.http.get("/demo").status == 200)
        }
    }

    /// TLS has no room for words: the log has them.
    @Test func whoSpeaksTLSToAPlainPortIsInTheLog() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for port in [server.ports.http, server.ports.icecast, server.ports.rtmp] {
                let rest = try await onThread { () -> Data in
                    let connection = try TCPConnection(port: port)
                    try connection.write([0x16, 0x03, 0x01, 0x02, 0x00, 0x01] + [UInt8](repeating: 0, count: 511))
                    return try connection.readToEnd()
                }
                #expect(rest.isEmpty, "port \(port)")
            }
            let lines = try await Self.lines("Connection refused", server, count: 3)
            #expect(lines.count == 3, "\(lines)")
            #expect(
                lines.allSatisfy {
                    $0["client"] == "127.0.0.1" && $0["reason"]?.hasPrefix("This port does not take TLS.") == true
                })
        }
    }

    /// No key and a wrong key are two mistakes.
    @Test func aMissingKeyIsNotAWrongOne() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let encoder = try scene.start(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=20", "-c:a", "aac",
                    "-f", "flv", "rtmp://127.0.0.1:\(server.ports.rtmp)/live",
                ], name: "encoder")
            #expect(try await encoder.waitForExit(within: 15) != .code(0))
            #expect(encoder.messages.contains("The address has no stream key."), "\(encoder.messages)")
            // `source:` without a password.
            let empty = try await server.icecast.send("PUT", "/demo", ["Authorization": "Basic c291cmNlOg=="])
            #expect(empty.status == 401 && empty.reason == "Stream key needed as password", "\(empty)")
            let wrong = try await server.icecast.send("PUT", "/demo", ["Authorization": "Bearer no-such-key"])
            #expect(wrong.status == 401 && wrong.reason.contains("not known"), "\(wrong)")
            let reasons = try await Self.lines("Push refused", server, count: 3).compactMap { $0["reason"] }
            #expect(reasons.prefix(2) == ["rtmp: There is no stream key.", "icecast: There is no stream key."])
            #expect(reasons.dropFirst(2).first?.contains("not known") == true)
        }
    }
}
