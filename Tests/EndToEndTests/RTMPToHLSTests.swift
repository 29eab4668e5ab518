import Foundation
import Testing

/// The main way: an RTMP push, heard by HLS players.
@Suite(.heavy) struct RTMPToHLSTests {
    /// One minute of AAC comes out of every rendition whole, in time, and at the same time.
    @Test func aMinuteOfAACComesOutWhole() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 60)
            let encoder = try scene.encoder(
                signal.file, ["-c:a", "aac", "-b:a", "256k"],
                to: ["-f", "flv", server.rtmpAddress(key: TwitchyServer.demo.key)])
            let stream = try await server.stream("demo")
            #expect(stream.renditions == ["aac-64", "aac-128", "aac-256"])
            let recorders = try stream.renditions.map {
                try scene.record(server.address(stream.live($0)), name: "record-\($0)")
            }
            var names = NameWatch(server: server, stream: stream)
            while encoder.isRunning {
                try await names.look()
                try await Task.sleep(for: .seconds(5))
            }
            try await encoder.waitForSuccess(within: 5)
            for recorder in recorders { try await recorder.player.waitForSuccess(within: 20) }
            try await names.look()
            names.check()

            // What the encoder sends: its delay of one frame, then the signal in whole frames.
            let sent = (60 * 48000 + 1023) / 1024 * 1024 + 1024
            var lags: [Int] = []
            for (rendition, recorder) in zip(stream.renditions, recorders) {
                let comparison = try await signal.compare(recorder.file, in: scene)
                #expect(comparison.isUnbroken, "\(rendition): \(comparison)")
                #expect(comparison.holes.isEmpty, "\(rendition): \(comparison)")
                #expect(comparison.matchedSeconds >= 59.5, "\(rendition): \(comparison)")
                #expect(abs(comparison.decodedSamples - sent) <= 1024, "\(rendition): \(comparison)")
                lags.append(try #require(comparison.firstLagSamples))
            }
            let spread = try #require(lags.max()) - (try #require(lags.min()))
            #expect(spread <= 480, "renditions are \(lags) samples late")
            try await independentReadersAgree(server, stream, scene)
        }
    }

    /// ffprobe sees the codecs, the package m3u8 reads the playlists.
    private func independentReadersAgree(
        _ server: TwitchyServer, _ stream: TwitchyServer.Stream, _ scene: Scene
    ) async throws {
        for rendition in stream.renditions {
            let probed = try await scene.run(
                "ffprobe",
                [
                    "-v", "error", "-show_entries", "stream=codec_name,profile,sample_rate,channels", "-of",
                    "csv=print_section=0", server.address(stream.live(rendition)),
                ], name: "probe-\(rendition)")
            #expect(probed.contains("aac,LC,48000,2"), "\(rendition): \(probed)")
        }
        let live = try await PythonPlaylist.read(server.address(stream.live("aac-128")), in: scene)
        #expect(live.targetDuration == 2)
        #expect(live.partTarget == 0.192)
        #expect(live.isEnded)
        #expect(live.segmentCount > 25)
        // 60 s fit into the window once, give or take a segment.
        #expect(abs(live.durationSeconds - 60) < 2)
        let recording = try await server.recording(stream)
        let master = try await PythonPlaylist.read(recording, in: scene)
        #expect(master.variants == 3)
        #expect(master.codecs == ["mp4a.40.2", "mp4a.40.2", "mp4a.40.2"])
        #expect(master.isRising, "bandwidths of \(master)")
    }
}

/// Follows the names in a stream's playlists and what is behind them.
private struct NameWatch {
    let server: TwitchyServer
    let stream: TwitchyServer.Stream
    private var bytes: [String: Data] = [:]
    private var partsOfSegments: [String: [String]] = [:]

    init(server: TwitchyServer, stream: TwitchyServer.Stream) {
        self.server = server
        self.stream = stream
    }

    /// Fetches all that is listed now; what was seen before has to be as it was.
    mutating func look() async throws {
        for rendition in stream.renditions {
            let folder = stream.folder(rendition)
            let playlist = try MediaPlaylistText(try await server.http.get(stream.live(rendition)).text)
            #expect(!playlist.segments.isEmpty)
            for segment in playlist.segments {
                try await fetch("\(folder)/\(segment.name)")
                if let map = segment.map { try await fetch("\(folder)/\(map)") }
                guard !segment.parts.isEmpty else { continue }
                partsOfSegments["\(folder)/\(segment.name)"] = segment.parts.map { "\(folder)/\($0.name)" }
                #expect(
                    abs(segment.parts.map(\.durationSeconds).reduce(0, +) - segment.durationSeconds) < 0.00005,
                    "parts of \(segment)")
            }
            for part in playlist.allParts { try await fetch("\(folder)/\(part.name)") }
        }
    }

    private mutating func fetch(_ path: String) async throws {
        let reply = try await server.http.get(path)
        #expect(reply.status == 200, "\(path)")
        #expect(bytes[path] == nil || bytes[path] == reply.body, "\(path) has other bytes now")
        bytes[path] = reply.body
    }

    /// A segment is its parts, byte for byte.
    func check() {
        #expect(partsOfSegments.count >= 20)
        for (segment, parts) in partsOfSegments {
            let joined = parts.reduce(Data()) { $0 + (bytes[$1] ?? Data()) }
            #expect(bytes[segment] == joined, "\(segment) is not its parts")
        }
    }
}
