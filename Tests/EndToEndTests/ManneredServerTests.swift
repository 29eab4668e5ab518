import Foundation
import Testing

/// What every answer has, what is not left lying around, and what is not complained about.
@Suite(.heavy) struct ManneredServerTests {
    /// Whatever is asked, and whoever answers.
    @Test func noAnswerLetsABrowserGuess() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 10)
            _ = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let playlist = try await server.http.get(stream.live("aac-64"))
            let segment = try #require(
                playlist.text.split(separator: "\n").first { $0.hasSuffix(".m4s") }.map {
                    "\(stream.folder("aac-64"))/\($0)"
                })
            let tag = try #require(try await server.http.get(segment)["ETag"])
            let requests: [(HTTPClient, String, String, [String: String], Int)] = [
                (server.http, "GET", "/", [:], 200), (server.http, "GET", "/demo", [:], 200),
                (server.http, "GET", "/favicon.ico", [:], 200),
                (server.http, "GET", "/no/such/page", ["Accept": "text/html"], 404),
                (server.http, "GET", "/api/v1/channels/demo", [:], 200),
                (server.http, "GET", "/api/v1/nothing", [:], 404),
                (server.http, "POST", "/api/v1/channels/demo/presence", [:], 204),
                (server.http, "GET", "/hls/demo/master.m3u8", [:], 200),
                (server.http, "GET", stream.live("aac-64"), ["Accept-Encoding": "gzip"], 200),
                (server.http, "GET", "\(stream.live("aac-64"))?_HLS_part=1", [:], 400),
                (server.http, "GET", segment, [:], 200), (server.http, "HEAD", segment, [:], 200),
                (server.http, "GET", segment, ["Range": "bytes=0-9"], 206),
                (server.http, "GET", segment, ["Range": "bytes=99999999-"], 416),
                (server.http, "GET", segment, ["If-None-Match": tag], 304),
                (server.http, "OPTIONS", segment, ["Origin": "http://a.example"], 204),
                (server.http, "DELETE", segment, [:], 405), (server.http, "GET", "/a%zz", [:], 400),
                (server.http, "GET", "/healthz", [:], 200), (server.admin, "GET", "/healthz", [:], 200),
                (server.admin, "GET", "/readyz", [:], 200), (server.admin, "GET", "/metrics", [:], 200),
                (server.admin, "GET", "/", [:], 404), (server.icecast, "GET", "/status-json.xsl", [:], 200),
                (server.icecast, "PUT", "/push/demo", ["Authorization": "Bearer wrong", "Content-Length": "0"], 401),
                (server.icecast, "GET", "/admin/metadata?mode=updinfo&song=a", [:], 401),
                (server.icecast, "GET", "/nothing/here", [:], 404),
            ]
            for (client, method, path, fields, status) in requests {
                let answer = try await client.send(method, path, fields)
                #expect(answer.status == status, "\(method) \(path): \(answer.status)")
                #expect(answer["X-Content-Type-Options"] == "nosniff", "\(method) \(path)")
            }
            // What a push is told at its end.
            let push = try await onThread {
                let connection = try HTTPConnection(port: server.ports.icecast)
                return try connection.send(
                    "PUT", "/push/demo",
                    ["Authorization": "Bearer demo-key", "Content-Length": "5", "Content-Type": "audio/mpeg"],
                    body: "noise")
            }
            #expect(push["X-Content-Type-Options"] == "nosniff")
        }
    }

    /// `Host` is the client's own word: what the server makes of it must not lead others elsewhere.
    @Test func linksDoNotRepeatWhatTheClientCallsTheServer() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for fields in [["X-Forwarded-Host": "evil.example"], ["Forwarded": "host=evil.example"], [:]] {
                let answer = try await onThread {
                    let connection = try HTTPConnection(port: server.ports.http)
                    return try connection.send("GET", "/api/v1/channels/demo", fields, host: "evil.example")
                }
                #expect(answer.text.contains(#""hls":"/hls/demo/master.m3u8""#), "\(answer.text)")
            }
            let named = try await TwitchyServer.start(
                in: scene, name: "named", data: scene.file("named-data"),
                options: ["--public-url", "https://radio.example"])
            let answer = try await named.http.get("/api/v1/channels/demo")
            #expect(answer.text.contains(#""hls":"https://radio.example/hls/demo/master.m3u8""#), "\(answer.text)")
        }
    }

    /// A killed process leaves half of a file; the next one sweeps it, and its databases are its own.
    @Test func aServerSweepsAndLocksItsFolder() async throws {
        try await Scene.run { scene in
            let data = scene.file("data")
            let folder = data.appending(path: "segments/s1/aac-64")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let half = folder.appending(path: ".1-1.m4s.\(UUID().uuidString)")
            try Data("half".utf8).write(to: half)
            let server = try await TwitchyServer.start(in: scene, data: data)
            _ = try await server.waitForLog("Temporary files removed")
            #expect(!FileManager.default.fileExists(atPath: half.path))
            let names = try FileManager.default.contentsOfDirectory(atPath: data.path).filter { $0.contains(".sqlite") }
            #expect(names.count >= 3)
            for name in names {
                let attributes = try FileManager.default.attributesOfItem(atPath: data.appending(path: name).path)
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
        }
    }

    /// Players, encoders and crawlers leave whenever they like.
    @Test func whoLeavesIsNoErrorInTheLog() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let requests = [
                (server.ports.http, "GET /api/v1/channels?live=true HTTP/1.1\r\nHost: a\r\n\r\n"),
                (server.ports.http, "GET /api/v1/channels/demo/recordings HTTP/1.1\r\nHost: a\r\n\r\n"),
                (server.ports.http, "POST /api/v1/channels/demo/presence HTTP/1.1\r\nHost: a\r\n\r\n"),
                (server.ports.http, "GET /hls/demo/master.m3u8 HTTP/1.1\r\nHost: a\r\n\r\n"),
                (server.ports.http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
                (server.ports.icecast, "PUT /demo HTTP/1.1\r\nAuthorization: Bearer demo-key\r\n\r\n"),
                (
                    server.ports.icecast,
                    "PUT /push/demo HTTP/1.1\r\nAuthorization: Bearer other\r\nExpect: 100-continue\r\n\r\n"
                ),
                (
                    server.ports.icecast,
                    "GET /admin/metadata?mode=updinfo&song=a HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n"
                ),
                (server.ports.rtmp, "\u{3}"),
            ]
            try await onThread {
                for round in 0..<30 {
                    for (port, text) in requests {
                        let connection = try TCPConnection(port: port)
                        // The first may already be refused when the rest is written.
                        try connection.write(text)
                        if round % 3 == 0 { usleep(500) }
                        connection.reset()
                    }
                }
            }
            try await Task.sleep(for: .seconds(3))
            let complaints = server.log.filter { ["warning", "error", "critical"].contains($0.level) }
            #expect(complaints.isEmpty, "\(complaints.map { "\($0.message) \($0.metadata ?? [:])" })")
        }
    }
}
