import Foundation
import Testing

/// Pushes that do not keep to real time, or to one file.
@Suite(.heavy) struct UnusualPushTests {
    /// A file that is sent as fast as it goes is heard whole and at its own speed.
    @Test func aFileWithoutPacingIsHeardWhole() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 20)
            let file = scene.file("signal.flac")
            _ = try await scene.run("ffmpeg", ["-v", "error", "-i", signal.file.path, file.path], name: "flac")
            let uploads = try await server.makeChannel("uploads")
            let start = Moment.now
            let rtmp = try scene.start(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-i", signal.file.path, "-c:a", "aac", "-b:a", "256k", "-f",
                    "flv", server.rtmpAddress(key: "demo-key"),
                ], name: "rtmp")
            let upload = try scene.start(
                "curl",
                [
                    "--silent", "--show-error", "--fail-with-body", "--max-time", "60", "-H",
                    "Authorization: Bearer \(uploads.key)", "-T", file.path, server.pushAddress("uploads"),
                ], name: "curl")
            // Both are on the air at the same time, so both are recorded before either is waited for.
            let demo = try await server.stream("demo")
            let demoRecorder = try scene.record(server.address(demo.live("aac-256")), name: "record-demo")
            let other = try await server.stream("uploads")
            let otherRecorder = try scene.record(server.address(other.live("aac-256")), name: "record-uploads")
            for (channel, encoder, recorder) in [("demo", rtmp, demoRecorder), ("uploads", upload, otherRecorder)] {
                try await encoder.waitForSuccess(within: 40)
                // What ran ahead is on the air until its time has come.
                try await recorder.player.waitForSuccess(within: 30)
                #expect(Moment.now - start > 12, "\(channel) was read faster than real time + 5 s")
                let comparison = try await signal.compare(recorder.file, in: scene)
                #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(channel): \(comparison)")
                #expect(comparison.matchedSeconds >= 19.5, "\(channel): \(comparison)")
            }
        }
    }

    /// What the encoder put in front and behind is not heard: a file has its own length, to the frame of the rendition.
    @Test func filesOfOggAndWebMHaveTheirLength() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 12.3)
            let kinds = [("opus", "libopus", "ogg"), ("vorbis", "libvorbis", "ogg"), ("webm", "libopus", "webm")]
            try await withThrowingTaskGroup { group in
                for (name, codec, container) in kinds {
                    let channel = try await server.makeChannel(name)
                    group.addTask {
                        let file = scene.file("signal-\(name)")
                        _ = try await scene.run(
                            "ffmpeg",
                            [
                                "-v", "error", "-i", signal.file.path, "-c:a", codec, "-b:a", "192k", "-f", container,
                                file.path,
                            ], name: "encode-\(name)")
                        let upload = try scene.start(
                            "curl",
                            [
                                "--silent", "--show-error", "--fail-with-body", "--max-time", "60", "-H",
                                "Authorization: Bearer \(channel.key)", "-T", file.path, server.pushAddress(name),
                            ], name: "curl-\(name)")
                        let stream = try await server.stream(name)
                        let recorder = try scene.record(server.address(stream.live("aac-256")), name: "record-\(name)")
                        try await upload.waitForSuccess(within: 40)
                        try await recorder.player.waitForSuccess(within: 30)
                        let comparison = try await signal.compare(recorder.file, in: scene)
                        #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(name): \(comparison)")
                        #expect(abs(comparison.lengthDifferenceSamples) <= 1024, "\(name): \(comparison)")
                        #expect(abs(comparison.firstLagSamples ?? .max) <= 1, "\(name): \(comparison)")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// A long one is not swallowed at once either, nor refused because it comes too fast.
    @Test func aLongFileIsHeldBack() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let file = scene.file("long.flac")
            _ = try await scene.run(
                "ffmpeg",
                [
                    "-v", "error", "-f", "lavfi", "-i", "anoisesrc=duration=150:amplitude=0.3:seed=1", "-ac", "2",
                    "-ar",
                    "48000", "-sample_fmt", "s16", "-c:a", "flac", file.path,
                ], name: "flac")
            let start = Moment.now
            let upload = try scene.start(
                "curl",
                [
                    "--silent", "--show-error", "--fail-with-body", "-H", "Authorization: Bearer demo-key", "-T",
                    file.path, server.pushAddress("demo"),
                ], name: "curl")
            let stream = try await server.stream("demo")
            try await Task.sleep(for: .seconds(8))
            #expect(upload.isRunning, "\(upload.output) \(upload.messages)")
            let playlist = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text)
            let seconds = playlist.segments.map(\.durationSeconds).reduce(0, +)
            let isOver = playlist.isEnded
            #expect(!isOver, "the push goes on")
            #expect(seconds <= Moment.now - start + 7, "\(seconds) s after \(Moment.now - start) s")
        }
    }

    struct Loops: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var files: [LoopedFile]
    }

    static let loops = [
        Loops(
            testDescription: "frames and pages",
            files: [
                LoopedFile(name: "adts-aac-48000-stereo.aac", contentType: "audio/aac", seconds: 2.5),
                LoopedFile(name: "mp3-44100-tagged.mp3", contentType: "audio/mpeg", seconds: 2.5),
                LoopedFile(name: "ogg-vorbis-44100-stereo.ogg", contentType: "audio/ogg", seconds: 2.5),
            ]),
        Loops(
            testDescription: "headers and clusters",
            files: [
                LoopedFile(name: "ogg-opus-48000-mono-60ms.opus", contentType: "audio/ogg", seconds: 2.5),
                LoopedFile(name: "webm-opus-48000-stereo.webm", contentType: "audio/webm", seconds: 2.5),
                LoopedFile(name: "fragmented-aac-44100-stereo.mp4", contentType: "audio/mp4", seconds: 2.5),
            ]),
        Loops(
            testDescription: "a transport stream",
            files: [LoopedFile(name: "mpegts-aac-48000-stereo.ts", contentType: "video/mp2t", seconds: 2.5)]),
        Loops(
            testDescription: "FLV",
            files: [LoopedFile(name: "flv-aac-44100-stereo.flv", contentType: "video/x-flv", seconds: 2.5)]),
    ]

    /// A file sent again and again plays again and again; only the seams may be heard.
    @Test(arguments: loops)
    func aFileSentAgainAndAgainPlaysOn(loops: Loops) async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            try await withThrowingTaskGroup { group in
                for file in loops.files {
                    let channel = try await server.makeChannel(file.channel)
                    group.addTask { try await check(file, channel, server, scene) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func check(
        _ file: LoopedFile, _ channel: TwitchyServer.Channel, _ server: TwitchyServer, _ scene: Scene
    ) async throws {
        let times = 5
        async let answer = file.push(times, to: channel, of: server)
        let stream = try await server.stream(channel.name)
        let recorder = try scene.record(server.address(stream.live("aac-256")), name: "record-\(channel.name)")
        #expect(try await answer.status == 200, "\(file.name)")
        try await recorder.player.waitForSuccess(within: 25)

        let reference = scene.file("\(channel.name)-reference.wav")
        _ = try await scene.run(
            "ffmpeg",
            [
                "-v", "error", "-i", Products.fixture("audio/\(file.name)").path, "-ar", "48000", "-ac", "2",
                reference.path,
            ], name: "reference-\(channel.name)")
        let signal = Signal(file: reference, seconds: file.seconds, rate: 48000)
        let comparison = try await signal.compare(recorder.file, in: scene)
        let length = Double(comparison.decodedSamples) / 48000
        let whole = file.seconds * Double(times)
        #expect(abs(length - whole) < 0.6, "\(file.name): \(length) s instead of \(whole)")
        // A window that holds a seam matches nowhere.
        #expect(comparison.matchedSeconds >= whole - 0.55 * Double(times), "\(file.name): \(comparison)")
        let seams = comparison.droppedOrRepeated ?? []
        #expect(seams.count == times - 1, "\(file.name)")
        let isWhole = seams.allSatisfy { abs(Double($0.samples) / 48000 - file.seconds) < 0.15 }
        #expect(isWhole, "\(file.name): \(seams.map(\.samples))")
    }
}
