import Foundation
import Testing

/// What encoders tell beside and within the audio, and where they send it.
@Suite(.heavy) struct PushMetadataTests {
    /// What plays, as `Artist / Title`; nil while nothing does.
    private static func nowPlaying(_ server: TwitchyServer, _ channel: String = "demo") async throws -> String? {
        let reply = try await server.http.get("/api/v1/channels/\(channel)")
        let document = try JSONSerialization.jsonObject(with: reply.body) as? [String: Any]
        guard let playing = document?["nowPlaying"] as? [String: Any] else { return nil }
        return "\(playing["artist"] as? String ?? "") / \(playing["title"] as? String ?? "")"
    }

    private static func shows(_ server: TwitchyServer, _ text: String?, within seconds: Double = 10) async throws {
        _ = try await eventually("the page shows \(text ?? "nothing")", within: seconds) { () -> Bool? in
            try await nowPlaying(server) == text ? true : nil
        }
    }

    /// `source:demo-key`.
    private static let authorization = ["Authorization": "Basic c291cmNlOmRlbW8ta2V5"]

    private static func update(_ server: TwitchyServer, _ query: String, at path: String = "/admin/metadata")
        async throws
        -> HTTPReply
    {
        try await server.icecast.send("GET", "\(path)?mode=updinfo&mount=/demo&\(query)", authorization)
    }

    /// BUTT, Mixxx and Liquidsoap tell the first song between "100 Continue" and the audio.
    @Test func whatIsToldBesideTheAudioIsShown() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let audio = try Data(contentsOf: Products.fixture("audio/mp3-44100-stereo.mp3"))
            #expect(try await Self.update(server, "song=A%20-%20B").status == 404)
            let port = server.ports.icecast
            let statuses = try await onThread { () -> [String] in
                let connection = try TCPConnection(port: port)
                // The mount as some write it.
                try connection.write(
                    "PUT //demo/ HTTP/1.1\r\nHost: a\r\nAuthorization: Basic c291cmNlOmRlbW8ta2V5\r\n"
                        + "Content-Type: audio/mpeg\r\nExpect: 100-continue\r\n\r\n")
                let greeting = try connection.readLine() ?? ""
                let update = try HTTPConnection(port: port).send(
                    "GET", "/admin/metadata?mode=updinfo&mount=/demo&song=Artist%20-%20Song", Self.authorization)
                try connection.write(audio)
                Thread.sleep(forTimeInterval: 1)
                return [greeting, "\(update.status)"]
            }
            #expect(statuses == ["HTTP/1.1 100 Continue", "200"])
            try await Self.shows(server, "Artist / Song")

            // Кино - Группа крови, in windows-1251; Icecast has the same at both addresses.
            let charset = "charset=windows-1251&song=%CA%E8%ED%EE%20-%20%C3%F0%F3%EF%EF%E0%20%EA%F0%EE%E2%E8"
            #expect(try await Self.update(server, charset, at: "/admin/metadata.xsl").status == 200)
            try await Self.shows(server, "Кино / Группа крови")
            let unknown = try await Self.update(server, "charset=nonsense&song=M%F6t%20-%20%93x%94")
            #expect(unknown.status == 200 && unknown.text.contains("not known"), "\(unknown.text)")
            try await Self.shows(server, "Möt / “x”")
            #expect(try await Self.update(server, "artist=Bob").status == 200)
            try await Self.shows(server, "Bob / ")
            #expect(try await Self.update(server, "song=").status == 200)
            try await Self.shows(server, nil)
        }
    }

    /// A link of Ogg without a title clears the title before, and an artist alone is shown.
    @Test func tagsWithinTheAudioAreShownWhileTheyHold() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            var links: [String] = []
            for (name, tags) in [
                ("one", ["-metadata", "title=Song One", "-metadata", "artist=Alice"]), ("two", []),
                ("three", ["-metadata", "artist=Bob"]),
            ] {
                let file = scene.file("\(name).ogg").path
                _ = try await scene.run(
                    "ffmpeg",
                    [
                        "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", "sine=440:duration=4", "-c:a", "libopus",
                        "-page_duration", "100000",
                    ] + tags + ["-f", "ogg", file], name: name)
                links.append(file)
            }
            let port = server.ports.icecast
            let paths = links
            let pushed = Task {
                try await onThread {
                    let connection = try TCPConnection(port: port)
                    try connection.write(
                        "PUT /push/demo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo-key\r\n"
                            + "Content-Type: audio/ogg\r\n\r\n")
                    for path in paths {
                        let link = try Data(contentsOf: URL(fileURLWithPath: path))
                        for start in stride(from: 0, to: link.count, by: link.count / 40 + 1) {
                            try connection.write(link[start..<min(link.count, start + link.count / 40 + 1)])
                            Thread.sleep(forTimeInterval: 0.1)
                        }
                    }
                    Thread.sleep(forTimeInterval: 2)
                }
            }
            try await Self.shows(server, "Alice / Song One")
            try await Self.shows(server, nil)
            try await Self.shows(server, "Bob / ")
            try await pushed.value
        }
    }

    /// What a key may cost: four connections, and then an answer that says what to do.
    @Test func aFifthPushOfAKeyIsRefused() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let port = server.ports.icecast
            try await onThread {
                func connect() throws -> (TCPConnection, String?) {
                    let connection = try TCPConnection(port: port)
                    try connection.write(
                        "PUT /demo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo-key\r\n"
                            + "Expect: 100-continue\r\n\r\n")
                    return (connection, try connection.readLine())
                }
                let waiting = try (0..<4).map { _ in try connect() }
                #expect(waiting.allSatisfy { $0.1 == "HTTP/1.1 100 Continue" })
                let fifth = try HTTPConnection(port: port).send(
                    "PUT", "/demo", ["Authorization": "Bearer demo-key", "Expect": "100-continue"])
                #expect(fifth.status == 429 && fifth.reason.contains("4 connections already"), "\(fifth)")
                #expect(fifth["Retry-After"] != nil)
                let rtmp = try scene.start(
                    "ffmpeg",
                    [
                        "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=20", "-c:a",
                        "aac", "-f", "flv", server.rtmpAddress(key: "demo-key"),
                    ], name: "rtmp")
                let start = Moment.now
                while rtmp.exit == nil, Moment.now - start < 8 { Thread.sleep(forTimeInterval: 0.05) }
                #expect(rtmp.messages.contains("4 connections already"), "\(rtmp.messages)")
                // A place is free as soon as a connection is gone.
                waiting[0].0.close()
                var answer: String?
                while answer != "HTTP/1.1 100 Continue", Moment.now - start < 9.5 {
                    Thread.sleep(forTimeInterval: 0.2)
                    answer = try connect().1
                }
                #expect(answer == "HTTP/1.1 100 Continue")
            }
        }
    }

    /// A key cannot fill the server with streams: after twenty it is told when to come back, and other channels are not
    /// held up.
    @Test func aKeyBeginsAFewStreams() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let other = try await server.makeChannel("other")
            let audio = try Data(contentsOf: Products.fixture("audio/mp3-44100-stereo.mp3")).prefix(4_000)
            let port = server.ports.icecast
            func push(_ channel: TwitchyServer.Channel) async throws -> HTTPReply {
                try await onThread {
                    let connection = try HTTPConnection(port: port)
                    try connection.connection.write(
                        "PUT /push/\(channel.name) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(channel.key)\r\n"
                            + "Content-Type: audio/mpeg\r\nContent-Length: \(audio.count)\r\n\r\n")
                    try connection.connection.write(audio)
                    return try connection.readReply()
                }
            }
            #expect(try await push(TwitchyServer.demo).status == 200)
            // Written at once, since a slow machine does not begin twenty within the time in which that is too many.
            _ = try await scene.run(
                Products.python,
                [
                    "-c",
                    """
                    import sqlite3, sys, time
                    database = sqlite3.connect(sys.argv[1], timeout=30)
                    columns = "stream_id, channel_id, channel_name, epoch, ladder, started_at, owner, lease_expires_at, ended_at"
                    first = database.execute(f"SELECT {columns} FROM streams").fetchone()
                    now = int(time.time() * 1000)
                    for number in range(19):
                        row = (f"s{number}", *first[1:5], now, first[6], now, now)
                        database.execute(f"INSERT INTO streams ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
                    database.commit()
                    """, server.data.appending(path: "ingest.sqlite").path,
                ], name: "begin")
            let refused = try await eventually("the first stream is over") {
                let reply = try await push(TwitchyServer.demo)
                return reply.status == 200 ? nil : reply
            }
            #expect(refused.status == 429 && refused.reason.contains("too many streams"), "\(refused)")
            #expect((1...100).contains(refused["Retry-After"].flatMap { Int($0) } ?? 0))
            #expect(try await push(other).status == 200)
        }
    }

    /// Encoders escape the slash in front of the key, leave an empty query behind the application, or put the key
    /// into one. A head that cannot be read is answered in words.
    @Test func addressesAreTakenAsTheyAreWritten() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene, options: ["--log-level", "debug"])
            for (number, path) in ["live%2Fdemo-key", "live?/demo-key", "live/demo?key=demo-key"].enumerated() {
                let rtmp = try scene.start(
                    "ffmpeg",
                    [
                        "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=2", "-c:a",
                        "aac", "-f", "flv", "rtmp://127.0.0.1:\(server.ports.rtmp)/\(path)",
                    ], name: "rtmp\(number)")
                try await rtmp.waitForSuccess(within: 20)
                #expect(server.log.filter { $0.message == "On the air" }.count == number + 1, "\(path)")
            }
            let port = server.ports.icecast
            let answer = try await onThread {
                let connection = try TCPConnection(port: port)
                try connection.write("PUT demo HTTP/1.1\r\nHost: a\r\n\r\n")
                return try connection.readToEnd()
            }
            let text = String(decoding: answer, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 400 The request target must be a path"), "\(text)")
            let line = try await server.waitForLog("Request refused")
            #expect(line["client"] == "127.0.0.1" && line["reason"]?.contains("must be a path") == true)
        }
    }
}
