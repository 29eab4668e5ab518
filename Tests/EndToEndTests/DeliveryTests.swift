import Foundation
import Testing

/// How media and playlists travel, and what is there after the end.
@Suite(.heavy) struct DeliveryTests {
    private func pushed(
        seconds: Int, server: TwitchyServer, scene: Scene
    ) throws -> ChildProcess {
        try scene.start(
            "ffmpeg",
            [
                "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=\(seconds)", "-ac",
                "2",
                "-ar", "48000", "-c:a", "aac", "-b:a", "128k", "-f", "flv",
                server.rtmpAddress(key: TwitchyServer.demo.key),
            ], name: "encoder")
    }

    @Test func mediaIsServedAsCachesAndBrowsersWantIt() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let encoder = try pushed(seconds: 30, server: server, scene: scene)
            let stream = try await server.stream("demo")
            let playlist = try MediaPlaylistText(try await server.http.get(stream.live("aac-128")).text)
            let segment = try #require(playlist.segments.first)
            let folder = stream.folder("aac-128")
            let names = [segment.name, try #require(segment.parts.first).name, try #require(segment.map)]
            for path in names.map({ "\(folder)/\($0)" }) { try await checkMedia(path, server) }
            try await checkPlaylist(stream.live("aac-128"), server, scene)
            try await checkPlaylist("/hls/demo/master.m3u8", server, scene)
            try await checkUnknown(stream, server)
            #expect(encoder.isRunning)
        }
    }

    private func checkMedia(_ path: String, _ server: TwitchyServer) async throws {
        let http = server.http
        let whole = try await http.get(path, ["Accept-Encoding": "gzip"])
        let count = whole.body.count
        #expect(whole.status == 200 && count > 500)
        #expect(whole["Content-Type"] == "audio/mp4")
        #expect(whole["Content-Encoding"] == nil)
        #expect(whole["Cache-Control"] == "public, max-age=86400, immutable")
        #expect(whole["Access-Control-Allow-Origin"] == "*")
        #expect(whole["Accept-Ranges"] == "bytes")
        #expect(whole["Age"] == nil)
        let tag = try #require(whole["ETag"])

        let head = try await http.send("HEAD", path)
        #expect(head.status == 200 && head.body.isEmpty && head["Content-Length"] == "\(count)")
        #expect(head["ETag"] == tag)
        let same = try await http.get(path, ["If-None-Match": tag])
        #expect(same.status == 304 && same.body.isEmpty && same["ETag"] == tag)
        #expect(try await http.get(path, ["If-None-Match": "\"other\", W/\(tag)"]).status == 304)
        #expect(try await http.get(path, ["If-None-Match": "\"other\""]).status == 200)

        for (range, expected) in [
            ("bytes=100-199", 100..<200), ("bytes=0-0", 0..<1), ("bytes=100-", 100..<count),
            ("bytes=-100", count - 100..<count), ("bytes=0-999999999", 0..<count),
            ("bytes=-999999999", 0..<count),
        ] {
            let reply = try await http.get(path, ["Range": range])
            #expect(reply.status == 206, "\(range)")
            #expect(reply.body == whole.body.subdata(in: expected), "\(range)")
            #expect(
                reply["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(count)", "\(range)"
            )
        }
        let beyond = try await http.get(path, ["Range": "bytes=\(count)-"])
        #expect(beyond.status == 416 && beyond["Content-Range"] == "bytes */\(count)")
        // Another version is asked for: all of this one.
        let changed = try await http.get(path, ["Range": "bytes=0-9", "If-Range": "\"other\""])
        #expect(changed.status == 200 && changed.body == whole.body)
        for range in ["bytes=9-1", "lines=1-2", "bytes=a-b"] {
            let ignored = try await http.get(path, ["Range": range])
            #expect(ignored.status == 200 && ignored.body.count == count, "\(range)")
        }
    }

    private func checkPlaylist(_ path: String, _ server: TwitchyServer, _ scene: Scene) async throws {
        let plain = try await server.http.get(path)
        #expect(plain.status == 200)
        #expect(plain["Content-Type"] == "application/vnd.apple.mpegurl")
        #expect(plain["Cache-Control"] == "public, max-age=1")
        #expect(plain["Access-Control-Allow-Origin"] == "*")
        #expect(plain["Vary"]?.contains("Accept-Encoding") == true)
        let exposed = plain["Access-Control-Expose-Headers"] ?? ""
        for name in ["Age", "Date", "Content-Length", "Content-Range"] { #expect(exposed.contains(name)) }
        let small = try await server.http.get(path, ["Accept-Encoding": "br, gzip;q=0.8"])
        #expect(small["Content-Encoding"] == "gzip" && small.body.count < plain.body.count)
        let file = scene.file("playlist.gz")
        try small.body.write(to: file)
        let text = try await scene.run("gzip", ["-dc", file.path], name: "gzip-\(UUID().uuidString)")
        #expect(text.hasPrefix("#EXTM3U\n"))
        let refused = try await server.http.get(path, ["Accept-Encoding": "gzip;q=0, identity"])
        #expect(refused["Content-Encoding"] == nil)
        let head = try await server.http.send("HEAD", path)
        #expect(head.status == 200 && head.body.isEmpty)
        let written = try await server.http.send("POST", path, ["Content-Length": "0"])
        #expect(written.status == 405 && written["Allow"]?.contains("GET") == true)
        #expect(written["Access-Control-Allow-Origin"] == "*")
        let asked = try await server.http.send(
            "OPTIONS", path, ["Origin": "https://a.example", "Access-Control-Request-Method": "GET"])
        #expect((200...204).contains(asked.status), "\(asked.status) \(asked.text)")
        #expect(asked["Access-Control-Allow-Origin"] == "*")
    }

    /// What nobody announced is answered at once, for any page to read, and not kept for long.
    private func checkUnknown(_ stream: TwitchyServer.Stream, _ server: TwitchyServer) async throws {
        let folder = stream.folder("aac-64")
        for path in [
            "\(folder)/1-99999.m4s", "\(folder)/1-99999.3.m4s", "\(folder)/init-77.mp4", "\(folder)/nothing",
            "\(stream.folder("aac-999"))/live.m3u8", "/hls/demo/nostream/aac-64/live.m3u8", "/hls/nobody/master.m3u8",
            "/hls/",
            "/hls/demo/recordings/nostream/master.m3u8", "/hls/nobody/\(stream.identifier)/aac-64/live.m3u8",
        ] {
            let reply = try await server.http.get(path)
            #expect(reply.status == 404, "\(path): \(reply.status)")
            #expect(reply.seconds < 0.5, "\(path) took \(reply.seconds) s")
            #expect(reply["Access-Control-Allow-Origin"] == "*", "\(path)")
            #expect(reply["Cache-Control"] == "public, max-age=1", "\(path): \(reply["Cache-Control"] ?? "nil")")
        }
        for path in [
            "/hls/demo/..%2f..%2f/live.m3u8", "/hls/demo/\(stream.identifier)/..%2faac-64/1-0.m4s",
            "/hls/demo/../../etc/passwd", "/hls/demo/\(stream.identifier)/../../../accounts.sqlite",
            "/hls/demo/\(stream.identifier)/aac-64/%00.m4s",
        ] {
            let status = try await server.http.get(path).status
            #expect(status == 400 || status == 404, "\(path): \(status)")
        }
    }

    /// A clean end closes the playlists; the show stays as a recording, and the rewind playlist had it all along.
    @Test func theShowStaysAfterACleanEnd() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            #expect(try await server.http.get("/hls/demo/master.m3u8").status == 404)
            let signal = try await Signal.make(in: scene, seconds: 15)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac", "-b:a", "256k"],
                to: ["-f", "flv", server.rtmpAddress(key: TwitchyServer.demo.key)])
            let stream = try await server.stream("demo")
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
            async let heard = listener.listen(seconds: 30)
            let rewindMaster = try await server.http.get("/hls/demo/rewind/master.m3u8")
            #expect(rewindMaster.text.contains("../\(stream.identifier)/aac-64/rewind.m3u8"))
            let rewind = try await eventually("three segments to rewind", within: 12, every: 0.2) {
                let reply = try await server.http.get(stream.rewind("aac-64"))
                // Until the first segment is stored.
                if reply.status == 503 { return nil as MediaPlaylistText? }
                let text = try MediaPlaylistText(reply.text)
                return text.segments.count >= 3 ? text : nil
            }
            #expect(rewind.allParts.isEmpty && rewind.hint == nil && !rewind.isEnded)
            #expect(rewind.segments.first?.sequence == 0)
            for segment in rewind.segments {
                #expect(try await server.http.get("\(stream.folder("aac-64"))/\(segment.name)").status == 200)
            }
            try await encoder.waitForSuccess(within: 20)

            let isEnded = try await heard.isEnded
            #expect(isEnded, "a listener is told of the end")
            #expect(try await heard.complaints == [])
            let master = try await eventually("the channel is off the air", within: 5) {
                let reply = try await server.http.get("/hls/demo/master.m3u8")
                return reply.status == 404 ? reply : nil
            }
            #expect(master["Cache-Control"] == "public, max-age=1")
            let last = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text)
            #expect(last.isEnded && last.hint == nil && last.open == nil)
            // Directives no longer mean anything.
            let late = try await server.http.get("\(stream.live("aac-64"))?_HLS_msn=900&_HLS_part=2&_HLS_skip=YES")
            #expect(late.status == 200 && late.seconds < 0.5 && !late.text.contains("EXT-X-SKIP"))

            let recording = try await server.recording(stream)
            let recorder = try scene.record(recording, name: "recording")
            try await recorder.player.waitForSuccess(within: 20)
            let comparison = try await signal.compare(recorder.file, in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 14.5, "\(comparison)")
            let python = try await PythonPlaylist.read(
                recording.replacing("master.m3u8", with: "aac-256/vod.m3u8"), in: scene)
            #expect(python.isEnded && abs(python.durationSeconds - 15) < 0.2, "\(python)")
        }
    }
}
