import Foundation
import Testing

/// Pushes that are not taken say why, in the place where each kind of encoder shows it.
@Suite(.heavy) struct RefusalTests {
    private static let unknownKey = "This stream key is not known or was revoked."

    private func tone(_ seconds: Int) -> [String] {
        ["-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=\(seconds)"]
    }

    @Test func aWrongKeyIsRefusedBeforeAnyMedia() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let other = try await server.makeChannel("other")

            let rtmp = try scene.start(
                "ffmpeg", tone(20) + ["-c:a", "aac", "-f", "flv", server.rtmpAddress(key: "no-such-key")],
                name: "rtmp")
            #expect(try await rtmp.waitForExit(within: 8) != .code(0))
            #expect(rtmp.messages.contains(Self.unknownKey), "\(rtmp.messages)")

            let icecast = try scene.start(
                "ffmpeg",
                tone(20) + [
                    "-c:a", "libmp3lame", "-f", "mp3", "-content_type", "audio/mpeg",
                    server.icecastAddress("demo", key: "no-such-key"),
                ], name: "icecast")
            #expect(try await icecast.waitForExit(within: 8) != .code(0))
            #expect(icecast.messages.contains("401"), "\(icecast.messages)")

            let pushed = try await server.icecast.send(
                "PUT", "/push/demo", ["Authorization": "Bearer no-such-key", "Expect": "100-continue"])
            #expect(pushed.status == 401 && pushed.reason.hasPrefix(Self.unknownKey), "\(pushed)")
            let elsewhere = try await server.icecast.send(
                "PUT", "/push/demo", ["Authorization": "Bearer \(other.key)", "Expect": "100-continue"])
            #expect(elsewhere.status == 401 && elsewhere.reason.contains("does not belong"), "\(elsewhere)")
            for authorization in ["Basic !!!", "Basic bm9jb2xvbg==", "Digest x", "Bearer", "Bearer " + "k" * 5000] {
                let reply = try await server.icecast.send(
                    "PUT", "/demo", ["Authorization": authorization, "Expect": "100-continue"])
                #expect((400..<500).contains(reply.status), "\(authorization.prefix(30)): \(reply.status)")
            }
            #expect(try await server.http.get("/hls/demo/master.m3u8").status == 404)
            // A line for each, with the address; few a minute, the others are counted.
            let refusals = server.log.filter { $0.message == "Push refused" }
            #expect((3...5).contains(refusals.count), "\(refusals)")
            #expect(refusals.allSatisfy { $0["client"] == "127.0.0.1" && $0["count"] == "1" })
            #expect(refusals.first?["reason"] == "rtmp: \(Self.unknownKey) Copy the current key of your channel.")
        }
    }

    /// libshout asks without credentials first, on a connection that it then goes on to use.
    @Test func aProbeWithoutCredentialsIsToldWhatIsMissing() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let audio = try Data(contentsOf: Products.fixture("audio/mp3-44100-stereo.mp3"))
            let icecastPort = server.ports.icecast
            try await onThread {
                let connection = try HTTPConnection(port: icecastPort)
                let probe = try connection.send(
                    "SOURCE", "/demo", ["Content-Length": "0", "Connection": "keep-alive"])
                #expect(probe.status == 401)
                #expect(probe["WWW-Authenticate"]?.hasPrefix("Basic") == true)
                #expect(probe["Allow"]?.contains("PUT") == true && probe["Allow"]?.contains("SOURCE") == true)
                // source:demo-key
                try connection.connection.write(
                    "PUT /demo HTTP/1.1\r\nHost: a\r\nAuthorization: Basic c291cmNlOmRlbW8ta2V5\r\n"
                        + "Content-Type: audio/mpeg\r\nExpect: 100-continue\r\n\r\n")
                #expect(try connection.readReply().status == 100)
                try connection.connection.write(audio)
                Thread.sleep(forTimeInterval: 1)
            }
            _ = try await server.waitForLog("On the air")
            #expect(!server.log.contains { $0.message == "Push refused" }, "a probe is no failed login")

            // The old way: SOURCE, whose answer is HTTP/1.0.
            let source = try await onThread {
                let connection = try TCPConnection(port: icecastPort)
                try connection.write(
                    "SOURCE /demo ICE/1.0\r\nAuthorization: Basic c291cmNlOmRlbW8ta2V5\r\n"
                        + "content-type: audio/mpeg\r\nice-name: Demo\r\n\r\n")
                let line = try connection.readLine()
                try connection.write(audio)
                Thread.sleep(forTimeInterval: 1)
                return line
            }
            #expect(source == "HTTP/1.0 200 OK")
            _ = try await server.waitForLog("Encoder is back")
        }
    }

    /// Ten seconds without audio, or audio that nobody can decode, end a push with a sentence.
    @Test func aPushWithoutAudioIsEnded() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let start = Moment.now
            let video = try scene.start(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=10", "-t",
                    "30", "-an", "-c:v", "flv", "-f", "flv", server.rtmpAddress(key: "demo-key"),
                ], name: "video")
            let adpcm = try scene.start(
                "ffmpeg",
                tone(20) + [
                    "-ar", "44100", "-c:a", "adpcm_swf", "-f", "flv", server.rtmpAddress(key: "demo-key"),
                ], name: "adpcm")
            let noise = try await onThread { () -> HTTPReply in
                let connection = try HTTPConnection(port: server.ports.icecast)
                var random = SystemRandomNumberGenerator()
                let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...250, using: &random) & 0x7f }
                try connection.connection.write(
                    "PUT /push/demo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo-key\r\n"
                        + "Content-Length: 1000000\r\n\r\n")
                try connection.connection.write(bytes)
                return try connection.readReply()
            }
            #expect(noise.status == 415 && noise.reason.contains("cannot be"), "\(noise)")
            #expect(try await adpcm.waitForExit(within: 12) != .code(0))
            #expect(adpcm.messages.contains("cannot be decoded"), "\(adpcm.messages)")
            #expect(try await video.waitForExit(within: 20) != .code(0))
            #expect(video.messages.contains("No audio came within 10 seconds."), "\(video.messages)")
            #expect(Moment.now - start > 8 && Moment.now - start < 20)
            #expect(try await server.http.get("/hls/demo/master.m3u8").status == 404)
        }
    }
}

private func * (text: String, count: Int) -> String { String(repeating: text, count: count) }
