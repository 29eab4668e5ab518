import Foundation
import S3Testing
import Testing

/// What is kept of real streams, and where.
@Suite(.heavy) struct RecordingTests {
    private static let aac = ["-c:a", "aac", "-b:a", "256k"]

    /// The object store answers nothing but errors for ten seconds: nobody who listens notices, and afterwards the
    /// recording is whole.
    @Test func aStoreThatIsDownHarmsNeitherPlaybackNorRecording() async throws {
        let service = try await S3Server.shared.value
        let bucket = try await service.makeBucket()
        let proxy = try await FaultProxy.start(before: service.endpoint)
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(
                in: scene, options: ["--segment-store", "s3://\(bucket)/radio?endpoint=\(proxy.endpoint)"],
                environment: ["AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "this-is-never-logged"])
            let signal = try await Signal.make(in: scene, seconds: 24, seed: 1)
            let encoder = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let recorder = try scene.record(server.address(stream.live("aac-256")), name: "recorder")
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
            async let hearing = listener.listen(seconds: 60)
            try await Task.sleep(for: .seconds(4))
            proxy.fail { _ in .answer(500) }
            _ = try await server.waitForLog("The store fails", within: 20)
            try await Task.sleep(for: .seconds(10))
            proxy.fail { _ in nil }
            try await encoder.waitForSuccess(within: 40)
            try await recorder.player.waitForSuccess(within: 20)
            #expect(try await hearing.complaints.isEmpty)
            let heard = try await signal.compare(recorder.file, in: scene)
            #expect(heard.isUnbroken && heard.holes.isEmpty && heard.matchedSeconds >= 23.5, "\(heard)")

            let whole = try scene.record(try await server.recording(stream, within: 60), name: "whole")
            try await whole.player.waitForSuccess(within: 30)
            let stored = try await signal.compare(whole.file, in: scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 23.5, "\(stored)")
            let show = try MediaPlaylistText(
                try await server.http.get("/hls/demo/recordings/\(stream.identifier)/aac-64/vod.m3u8").text)
            #expect(!show.segments.contains { $0.isDiscontinuity })
            _ = try await eventually("the recording is listed", within: 20) {
                let list = try await server.http.get("/api/v1/channels/demo/recordings")
                return list.text.contains(stream.identifier) ? true : nil
            }
            // One outage is one line; and a secret is none.
            _ = try await server.waitForLog("The store works again", within: 40)
            #expect(server.log.count { $0.message == "The store fails" } == 1)
            #expect(!server.process.messages.contains("this-is-never-logged"))
        }
        await proxy.stop()
    }

    /// The channel's owner said that nothing is kept: listeners can rewind, and there is no recording.
    @Test func aChannelThatDoesNotRecordLeavesNoRecording() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let said = try await scene.run(
                Products.server, ["channel", "recording", "demo", "off", "--data", server.data.path], name: "off")
            #expect(said.contains("recording  off"))
            // The command is another process: the server hears of it within 250 ms.
            try await Task.sleep(for: .seconds(3))
            let signal = try await Signal.make(in: scene, seconds: 10, seed: 1)
            let encoder = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let index = server.data.appending(path: "segments/\(stream.identifier)/index.json")
            let text = try await eventually("something is stored", within: 20) {
                try? String(contentsOf: index, encoding: .utf8)
            }
            #expect(text.contains(#""isRecorded":false"#))
            try await encoder.waitForSuccess(within: 30)
            let rewind = try await eventually("the stream is over", within: 20) {
                let playlist = try await server.http.get(stream.rewind("aac-64"))
                return playlist.text.contains("#EXT-X-ENDLIST") ? try MediaPlaylistText(playlist.text) : nil
            }
            #expect(rewind.segments.count >= 5)
            for path in ["master.m3u8", "aac-64/vod.m3u8"] {
                #expect(try await server.http.get("/hls/demo/recordings/\(stream.identifier)/\(path)").status == 404)
            }
            let list = try await server.http.get("/api/v1/channels/demo/recordings")
            #expect(list.status == 200 && !list.text.contains(stream.identifier))
        }
    }

    @Test(arguments: [
        ["--segment-store", "s3://x"], ["--segment-store", "ftp://x"], ["--keep-recordings", "soon"],
        ["--recording-quota", "much"], ["--channel-quota", "-5GB"],
        ["--segment-store", "s3://radio?endpoint=http://127.0.0.1:1"],
    ])
    func optionsThatCannotBeAreRefusedInOneLine(options: [String]) async throws {
        try await Scene.run { scene in
            let child = try scene.start(
                Products.server, ["serve", "--data", scene.file("data").path] + TwitchyServer.freePorts + options,
                name: "server", environment: ["AWS_ACCESS_KEY_ID": "", "TWITCHY_S3_ACCESS_KEY_ID": ""])
            #expect(try await child.waitForExit(within: 20) == .code(64))
            #expect(child.messages.contains(options[0]))
            #expect(child.messages.split(separator: "\n").count == 1, "\(child.messages)")
        }
    }
}
