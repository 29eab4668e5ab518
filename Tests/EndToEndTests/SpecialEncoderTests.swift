import Foundation
import TestSupport
import Testing

/// What special encoders send: heard as it is, or refused by name where each kind of encoder shows it.
@Suite(.heavy) struct SpecialEncoderTests {
    /// AAC-LD by RTMP, MPEG layer II by Icecast, a transport stream whose audio moves: each tone is heard in its time.
    @Test func tonesOfSpecialEncodersAreHeard() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let (low, layer, moving) = (
                try await server.makeChannel("lowdelay"), try await server.makeChannel("layertwo"),
                try await server.makeChannel("moving")
            )
            let stream = try await movingStream(in: scene)
            let copy = ["-c", "copy"]
            let encoders = [
                try scene.encoder(
                    Products.fixture("codecs/flv-aac-ld-48000-stereo.flv"), copy,
                    to: ["-f", "flv", server.rtmpAddress(key: low.key)], name: "lowdelay"),
                try scene.start(
                    "ffmpeg",
                    [
                        "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=660:duration=6", "-af",
                        "volume=6", "-c:a", "mp2", "-f", "mp2", "-content_type", "audio/mpeg",
                        server.icecastAddress("layertwo", key: layer.key),
                    ], name: "layertwo"),
                try scene.start(
                    "curl",
                    [
                        "--silent", "--show-error", "--fail-with-body", "--max-time", "60", "-H",
                        "Authorization: Bearer \(moving.key)", "-H", "Content-Type: audio/mpeg", "--limit-rate", "24k",
                        "-T", stream.path, server.pushAddress("moving"),
                    ], name: "moving"),
            ]
            var recorders: [(name: String, player: ChildProcess, file: URL)] = []
            for encoder in encoders { try await encoder.waitForSuccess(within: 40) }
            for name in ["lowdelay", "layertwo", "moving"] {
                // The recording: on a slow machine a push of seconds is over before a player has found it.
                let began = try await server.waitForLog("On the air") { $0["channel"] == name }
                let folder = "/hls/\(name)/recordings/\(began["stream"] ?? "")"
                _ = try await eventually("the recording of \(name) is complete", within: 20, every: 0.2) {
                    let playlist = try await server.http.get("\(folder)/aac-256/vod.m3u8")
                    return playlist.text.contains("#EXT-X-ENDLIST") ? true : nil
                }
                let recorder = try scene.record(
                    server.address("\(folder)/aac-256/vod.m3u8"), seconds: 8, name: "record-\(name)")
                recorders.append((name, recorder.player, recorder.file))
            }
            for recorder in recorders { try await recorder.player.waitForSuccess(within: 60) }
            let tones: [[(Double, Int)]] = [
                stride(from: 400.0, through: 650, by: 50).map { ($0, 7) }, [(660, 50)], [(440, 24), (880, 24)],
            ]
            for (recorder, tones) in zip(recorders, tones) {
                let heard = try Samples(recorder.file).first
                for (frequency, tenths) in tones {
                    let count = Tone.tenths(of: frequency, in: heard, rate: 48_000)
                    #expect(count >= tenths, "\(recorder.name): \(frequency) Hz for \(count) tenths of a second")
                }
            }
        }
    }

    /// Three seconds of one tone, then of another whose packets have another identifier.
    private func movingStream(in scene: Scene) async throws -> URL {
        var bytes = Data()
        for (frequency, identifier) in [(440, 256), (880, 512)] {
            let file = scene.file("\(frequency).ts")
            _ = try await scene.run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "sine=\(frequency):duration=3:sample_rate=48000", "-af",
                    "volume=6", "-c:a", "aac", "-streamid", "0:\(identifier)", "-f", "mpegts", file.path,
                ], name: "encode-\(frequency)")
            bytes += try Data(contentsOf: file)
        }
        let file = scene.file("moving.ts")
        try bytes.write(to: file)
        return file
    }

    /// Codecs that nothing decodes: no stream begins, and the encoder shows the name and what to send instead.
    @Test func codecsThatNothingDecodesAreNamed() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let start = Moment.now
            let speex = try scene.start(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=20", "-ar",
                    "16000",
                    "-c:a", "libspeex", "-f", "flv", server.rtmpAddress(key: "demo-key"),
                ], name: "speex")
            let flac = try scene.start(
                "curl",
                [
                    "--silent", "--include", "--max-time", "20", "-H", "Authorization: Bearer demo-key", "-H",
                    "Content-Type: audio/flac", "-T", Products.fixture("codecs/flac-32-bit-48000-stereo.flac").path,
                    server.pushAddress("demo"),
                ], name: "flac")
            #expect(try await flac.waitForExit(within: 15) == .code(0))
            let sentence = "32-bit FLAC cannot be decoded; send 16 or 24 bits."
            #expect(flac.output.contains("HTTP/1.1 415 \(sentence)\r\n"), "\(flac.output)")
            #expect(flac.output.hasSuffix("\r\n\r\n\(sentence)\n"), "\(flac.output)")
            #expect(try await speex.waitForExit(within: 15) != .code(0))
            #expect(
                speex.messages.contains("Speex cannot be decoded; send AAC, MP3, Opus or FLAC."), "\(speex.messages)")
            #expect(Moment.now - start < 9, "nobody waits for the ten seconds of a push without audio")
            #expect(try await server.http.get("/hls/demo/master.m3u8").status == 404)
            #expect(!server.log.contains { $0.message == "On the air" })
        }
    }
}
