import Foundation
import Testing

/// Players of others, and our own page in a browser.
@Suite(.heavy) struct PlayerTests {
    private static let aac = ["-c:a", "aac", "-b:a", "256k"]

    /// GStreamer and mpv start in the middle of the stream and hear it without a break.
    @Test func gStreamerAndMpvHearAStream() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 30)
            let encoder = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            _ = try await eventually("three segments", within: 15, every: 0.2) {
                let text = try await server.http.get(stream.live("aac-256")).text
                return try MediaPlaylistText(text).segments.count >= 3 ? true : nil
            }
            let (pipelineFile, mpvFile) = (scene.file("gstreamer.wav"), scene.file("mpv.wav"))
            // Both choose renditions as they like, and end where the stream ends.
            let pipeline = try scene.start(
                "gst-launch-1.0",
                [
                    "-q", "uridecodebin3", "uri=\(server.address("/hls/demo/master.m3u8"))", "!", "audioconvert", "!",
                    "audioresample", "!", "audio/x-raw,format=S16LE,rate=48000,channels=2", "!", "wavenc", "!",
                    "filesink", "location=\(pipelineFile.path)",
                ], name: "gstreamer")
            let mpv = try scene.start(
                "mpv",
                [
                    "--no-config", "--no-video", "--really-quiet", "--ao=pcm", "--ao-pcm-file=\(mpvFile.path)",
                    "--audio-format=s16", server.address("/hls/demo/master.m3u8"),
                ], name: "mpv")
            try await encoder.waitForSuccess(within: 40)
            try await pipeline.waitForSuccess(within: 20)
            try await mpv.waitForSuccess(within: 20)
            for file in [pipelineFile, mpvFile] {
                let comparison = try await signal.compare(file, in: scene)
                #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(file.lastPathComponent): \(comparison)")
                #expect(comparison.matchedSeconds >= 18, "\(file.lastPathComponent): \(comparison)")
            }
        }
    }

    /// The page plays in a browser: its clock runs as the clock on the wall does.
    @Test func aBrowserListens() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 60)
            let encoder = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            _ = try await server.stream("demo")
            let browser = try scene.start(
                Products.python,
                [
                    Products.repository.appendingPathComponent("Tests/Browser/listen.py").path,
                    server.address("/demo"), "--seconds", "12",
                ], name: "browser", environment: ["TMPDIR": scene.folder.path], isGroup: true)
            let exit = try await browser.waitForExit(within: 55)
            #expect(exit == .code(0), "\(browser.output) \(browser.messages)")
            #expect(encoder.isRunning)
            let heard = try JSONDecoder().decode(BrowserListener.Heard.self, from: Data(browser.output.utf8))
            #expect(heard.errors.isEmpty, "\(heard)")
            #expect(heard.failedRequests.isEmpty, "\(heard)")
            let speed = try #require(heard.advancedSeconds) / (try #require(heard.listenedSeconds))
            #expect(speed > 0.93 && speed < 1.07, "\(heard)")
        }
    }
}
