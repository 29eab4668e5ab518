import Foundation
import Testing

/// Whoever has a key chooses the times and rates of what it sends: none of them harms the others.
@Suite(.heavy) struct PeerNumbersTests {
    /// Times at which reckoning with 64 bits ends, over RTMP and HTTP: whoever sends them is heard or not, everybody else
    /// does not notice.
    @Test func timesThatCannotBeHarmNobody() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 12)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac", "-b:a", "128k"], to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            _ = try await server.stream("demo")
            let fragments = try await server.makeChannel("fragments")
            let messages = try await server.makeChannel("messages")
            let (icecast, rtmp) = (server.ports.icecast, server.ports.rtmp)
            try await onThread { try Self.pushFragments(port: icecast, key: fragments.key) }
            try await onThread { try Self.pushMessages(port: rtmp, key: messages.key) }
            #expect(server.process.isRunning)
            #expect(try await server.admin.get("/readyz").status == 200)
            try await encoder.waitForSuccess(within: 30)
            #expect(!server.log.contains { ["error", "critical"].contains($0.level) })
        }
    }

    /// FLAC of 384 kHz is heard; what has more is refused by its number at once.
    @Test func highRatesAreHeardOrRefusedByName() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let high = scene.file("high.flac")
            let tone = ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=384000:duration=8"]
            _ = try await scene.run("ffmpeg", tone + ["-c:a", "flac", high.path], name: "flac")
            let upload = try scene.start(
                "curl",
                ["--silent", "-H", "Authorization: Bearer demo-key", "-T", high.path, server.pushAddress("demo")],
                name: "curl")
            let stream = try await server.stream("demo")
            let recorder = try scene.record(server.address(stream.live("aac-256")), name: "recorder")
            try await upload.waitForSuccess(within: 30)
            try await recorder.player.waitForSuccess(within: 30)
            let samples = try Samples(recorder.file)
            #expect((7 * 48_000...9 * 48_000).contains(samples.count), "\(samples.count)")
            #expect(samples.peak(96_000..<(samples.count - 48_000)) > 2_000)

            let other = try await server.makeChannel("other")
            let file = scene.file("higher.flac")
            let higher = ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=500000:duration=2"]
            _ = try await scene.run("ffmpeg", higher + ["-c:a", "flac", file.path], name: "higher")
            let refused = try scene.start(
                "curl",
                ["-si", "-H", "Authorization: Bearer \(other.key)", "-T", file.path, server.pushAddress("other")],
                name: "refused")
            _ = try await refused.waitForExit(within: 10)
            #expect(refused.output.contains("415 Audio of 500000 samples a second"), "\(refused.output)")
            #expect(try await server.http.get("/hls/other/master.m3u8").status == 404)
        }
    }

    /// Packets that no decoder takes never go on the air, and whoever sends them is told.
    @Test func whatCannotBeDecodedIsRefusedWithItsReason() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            var bytes = Array(try Data(contentsOf: Products.fixture("audio/adts-aac-48000-stereo.aac")))
            // The headers stay, what is in the frames is noise.
            var offset = 0
            var state: UInt64 = 5
            while offset + 7 < bytes.count {
                let length =
                    Int(bytes[offset + 3] & 3) << 11 | Int(bytes[offset + 4]) << 3 | Int(bytes[offset + 5] >> 5)
                for index in (offset + 7)..<min(offset + length, bytes.count) {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    bytes[index] = UInt8(truncatingIfNeeded: state >> 33) | 0xE0
                }
                offset += length
            }
            let file = scene.file("noise.aac")
            try Data(bytes).write(to: file)
            let push = try scene.start(
                "curl",
                [
                    "-si", "-H", "Authorization: Bearer demo-key", "-H", "Content-Type: audio/aac", "-T", file.path,
                    server.pushAddress("demo"),
                ], name: "curl")
            _ = try await push.waitForExit(within: 10)
            #expect(push.output.contains("415 The audio (aac) cannot be decoded"), "\(push.output)")
            #expect(try await server.http.get("/hls/demo/master.m3u8").status == 404)
            #expect(server.log.count { $0.message == "Encoder disconnected" } == 1)
        }
    }

    // MARK: Pushes

    /// Fragmented MP4 whose every `tfdt` is 2^61.
    private static func pushFragments(port: Int, key: String) throws {
        var bytes = Array(try Data(contentsOf: Products.fixture("audio/fragmented-aac-44100-stereo.mp4")))
        var changed = 0
        for offset in bytes.indices.dropLast(16)
        where bytes[offset..<(offset + 4)].elementsEqual("tfdt".utf8) && bytes[offset + 4] == 1 {
            bytes.replaceSubrange((offset + 8)..<(offset + 16), with: [0x20, 0, 0, 0, 0, 0, 0, 0])
            changed += 1
        }
        #expect(changed > 0)
        let connection = try TCPConnection(port: port)
        try connection.write(
            "PUT /push/fragments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(key)\r\nContent-Type: audio/mp4\r\n"
                + "Content-Length: \(bytes.count)\r\n\r\n")
        try connection.write(bytes)
        let answer = try connection.readLine() ?? ""
        #expect(answer.contains("200"), "\(answer)")
    }

    /// One-byte messages that gain 2^31 ms each, then a frame of MP3.
    private static func pushMessages(port: Int, key: String) throws {
        let connection = try TCPConnection(port: port)
        try connection.write([3] + [UInt8](repeating: 0, count: 1536))
        _ = try connection.read(3073)
        try connection.write([UInt8](repeating: 0, count: 1536))
        try connection.write(message(2, type: 1, time: 0, [0, 1, 0, 0]))
        let object: [UInt8] = [3] + property("app", "live") + property("tcUrl", "rtmp://127.0.0.1/live") + [0, 0, 9]
        try connection.write(message(3, type: 20, time: 0, text("connect") + number(1) + object))
        try connection.write(message(3, type: 20, time: 0, text("createStream") + number(4) + [5]))
        try connection.write(
            message(3, type: 20, stream: 1, time: 0, text("publish") + number(5) + [5] + text(key) + text("live")))
        var seen = Data()
        while seen.range(of: Data("NetStream.Publish.Start".utf8)) == nil {
            guard let byte = try connection.readByte() else { throw TestFailure("refused: \(seen)") }
            seen.append(byte)
        }
        var (bytes, time): ([UInt8], UInt32) = ([], 0)
        for _ in 0..<4_500 {
            bytes += message(4, type: 8, stream: 1, time: time, [0xAF])
            time &+= 0x7FFF_FFFF
        }
        let frame: [UInt8] = [0x2F, 0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
        for _ in 0..<40 { bytes += message(4, type: 8, stream: 1, time: time, frame) }
        try connection.write(bytes)
        Thread.sleep(forTimeInterval: 1.5)
    }

    private static func message(
        _ chunkStream: UInt8, type: UInt8, stream: UInt8 = 0, time: UInt32, _ payload: [UInt8]
    ) -> [UInt8] {
        let isExtended = time >= 0xFF_FFFF
        var message: [UInt8] = [chunkStream]
        message += isExtended ? [0xFF, 0xFF, 0xFF] : Array(bytes(time).dropFirst())
        message += bytes(UInt32(payload.count)).dropFirst()
        message += [type, stream, 0, 0, 0]
        if isExtended { message += bytes(time) }
        return message + payload
    }

    private static func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 0xFF) } }
    private static func text(_ text: String) -> [UInt8] { [2, 0, UInt8(text.utf8.count)] + Array(text.utf8) }
    private static func property(_ name: String, _ value: String) -> [UInt8] {
        [0, UInt8(name.utf8.count)] + Array(name.utf8) + text(value)
    }
    private static func number(_ value: Double) -> [UInt8] {
        [0] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (56 - 8 * UInt64($0))) }
    }
}
