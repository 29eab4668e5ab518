import Foundation
import Testing

/// The server goes, by an accident or on purpose, and comes back.
@Suite(.heavy) struct RestartTests {
    private static let aac = ["-c:a", "aac", "-b:a", "256k"]

    /// After `kill -9` the stream goes on behind a discontinuity, under new names and higher numbers.
    @Test func aStreamOutlivesTheServer() async throws {
        try await Scene.run { scene in
            let before = try await Signal.make(in: scene, seconds: 40, seed: 1)
            let after = try await Signal.make(in: scene, seconds: 14, seed: 2)
            let old = try await TwitchyServer.start(in: scene, name: "old-server")
            let lost = try scene.encoder(
                before.file, Self.aac, to: ["-f", "flv", old.rtmpAddress(key: "demo-key")], name: "encoder-1")
            let stream = try await old.stream("demo")
            try await Task.sleep(for: .seconds(6))
            let oldPlaylist = try MediaPlaylistText(try await old.http.get(stream.live("aac-256")).text)
            let lastSegment = try #require(oldPlaylist.segments.last)
            old.process.kill()
            #expect(try await lost.waitForExit(within: 5) != .code(0))

            let server = try await TwitchyServer.start(in: scene, name: "new-server", data: old.data)
            try await Task.sleep(for: .seconds(3))
            let encoder = try scene.encoder(
                after.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")], name: "encoder-2")
            let again = try await server.stream("demo")
            #expect(again.identifier == stream.identifier)
            let recorder = try scene.record(server.address(stream.live("aac-256")), name: "recorder")
            // What was on the air before is listed at once, what comes now behind it.
            let playlist = try await eventually("the new epoch is listed", within: 15) {
                let playlist = try MediaPlaylistText(try await server.http.get(stream.live("aac-256")).text)
                return playlist.segments.contains { $0.name.hasPrefix("2-") } ? playlist : nil
            }
            let first = try #require(playlist.segments.first { $0.name.hasPrefix("2-") })
            #expect(first.isDiscontinuity)
            #expect(first.sequence > lastSegment.sequence, "\(first) after \(lastSegment)")
            #expect(first.map == "init-2.mp4")
            // The window goes back beyond the restart, so that nobody who listens loses the place.
            #expect(playlist.segments.first?.name == oldPlaylist.segments.first?.name)
            #expect(zip(playlist.segments, playlist.segments.dropFirst()).allSatisfy { $0.sequence + 1 == $1.sequence })
            // What the old server listed is still there, under the name that it had.
            let kept = try await server.http.get("\(stream.folder("aac-256"))/\(oldPlaylist.segments[0].name)")
            #expect(kept.status == 200)

            try await encoder.waitForSuccess(within: 30)
            try await recorder.player.waitForSuccess(within: 20)
            let comparison = try await after.compare(recorder.file, in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 13.5, "\(comparison)")

            let recording = try await server.recording(stream)
            let show = try MediaPlaylistText(
                try await server.http.get("/hls/demo/recordings/\(stream.identifier)/aac-256/vod.m3u8").text)
            #expect(show.segments.filter(\.isDiscontinuity).count == 1)
            #expect(show.segments.first?.name.contains("/1-0.m4s") == true)
            let whole = try scene.record(recording, name: "whole")
            try await whole.player.waitForSuccess(within: 20)
            let one = try await before.compare(whole.file, in: scene)
            #expect(one.isUnbroken && one.matchedSeconds >= 5, "\(one)")
            let two = try await after.compare(whole.file, in: scene)
            #expect(two.isUnbroken && two.matchedSeconds >= 13.5, "\(two)")
        }
    }

    /// SIGTERM answers whoever waits and ends the process in good order.
    @Test func aShutdownIsOrderly() async throws {
        try await Scene.run { scene in
            let signal = try await Signal.make(in: scene, seconds: 30)
            let server = try await TwitchyServer.start(in: scene)
            let encoder = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", server.rtmpAddress(key: "demo-key")])
            let stream = try await server.stream("demo")
            let next = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text).next
            async let held = server.http.get("\(stream.live("aac-64"))?_HLS_msn=\(next.sequence + 1)")
            try await Task.sleep(for: .milliseconds(300))
            let start = Moment.now
            server.process.send(SIGTERM)
            #expect(try await server.process.waitForExit(within: 10) == .code(0), "\(Moment.now - start) s")
            let answer = try await held
            #expect(answer.status == 200 || answer.status == 503, "not simply cut off: \(answer.status)")
            #expect(try await encoder.waitForExit(within: 5) != .code(0))
            #expect(server.log.contains { $0.message == "Shutting down" && $0["reason"] == "SIGTERM" })
            #expect(!server.log.contains { ["error", "critical"].contains($0.level) })

            // And goes on when it is back.
            let successor = try await TwitchyServer.start(in: scene, name: "successor", data: server.data)
            _ = try scene.encoder(
                signal.file, Self.aac, to: ["-f", "flv", successor.rtmpAddress(key: "demo-key")], name: "encoder-2")
            #expect(try await successor.stream("demo").identifier == stream.identifier)
        }
    }
}
