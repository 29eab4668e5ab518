import Foundation
import S3Testing
import Testing

/// What listeners hear while the servers go that Twitchy stands on.
@Suite(.heavy) struct InfrastructureDrills {
    /// RabbitMQ is started again while a stream plays: the source audio waits in Ingest, and nothing is lost.
    @Test func aRestartOfTheBrokerLosesNothing() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 45)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            try await Task.sleep(for: .seconds(5))
            try await servers.stopBroker()
            #expect(try await site.origin.adminHTTP.get("/readyz").status == 200, "an origin serves what it has")
            try await servers.startBroker()
            let acceptedAt = Moment.now
            let before = try MediaPlaylistText(try await site.origin.publicHTTP.get(stream.live("aac-256")).text)
            _ = try await eventually("the stream goes on", within: 20) {
                let now = try MediaPlaylistText(try await site.origin.publicHTTP.get(stream.live("aac-256")).text)
                return now.next.sequence > before.next.sequence ? true : nil
            }
            print("stream goes on \(Int((Moment.now - acceptedAt) * 1000)) ms after the broker accepts connections")
            try await encoder.waitForSuccess(within: 60)
            // Also the recording, from the segment that was open when the broker went.
            let comparison = try await signal.compare(try await site.recording(stream), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 44, "\(comparison)")
        }
    }

    /// PostgreSQL goes and comes back: streams do not notice, and keys are known again.
    @Test func aRestartOfTheDatabaseIsNotHeard() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 30)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            try await Task.sleep(for: .seconds(3))
            try await servers.stopDatabase()
            try await Task.sleep(for: .seconds(4))
            try await servers.startDatabase()
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 23, "\(comparison)")
            _ = try await eventually("everything is ready again", within: 20) { () -> Bool? in
                for process in [site.accounts, site.ingest, site.origin] {
                    guard try await process.adminHTTP.get("/readyz").status == 200 else { return nil }
                }
                return true
            }
        }
    }

    /// The object store answers nothing but errors for half a minute: nobody who listens notices, and afterwards the
    /// recording is whole. An origin that comes while it is away serves what the log has, and a stream can begin.
    @Test func aStoreThatIsDownHarmsNobody() async throws {
        let service = try await S3Server.shared.value
        let bucket = try await service.makeBucket()
        let proxy = try await FaultProxy.start(before: service.endpoint)
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 50)
            let environment = [
                "TWITCHY_SEGMENT_STORE": "s3://\(bucket)/radio?endpoint=\(proxy.endpoint)",
                "TWITCHY_S3_ACCESS_KEY_ID": "test", "TWITCHY_S3_SECRET_ACCESS_KEY": "this-is-never-logged",
            ]
            let site = try await Site.start(on: servers, environment: environment)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            try await Task.sleep(for: .seconds(4))
            proxy.fail { _ in .answer(500) }
            try await Task.sleep(for: .seconds(15))
            let late = try await servers.start("origin", name: "origin-late", environment: environment)
            let window = try await eventually("the late origin serves", within: 5, every: 0.02) {
                let reply = try await late.publicHTTP.get(stream.live("aac-256"))
                return reply.status == 200 ? try MediaPlaylistText(reply.text) : nil
            }
            #expect(window.segments.first?.sequence == 0)
            let made = try await servers.command(["channel", "create", "next"])
            let key = try #require(made.firstMatch(of: /stream key\s+(\S+)/)?.1)
            let next = try scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", "rtmp://127.0.0.1:\(site.ingest.rtmp)/live/\(key)"],
                name: "next")
            _ = try await eventually("a stream begins without the store", within: 10) {
                try await late.publicHTTP.get("/hls/next/master.m3u8").status == 200 ? true : nil
            }
            next.kill()
            try await Task.sleep(for: .seconds(10))
            proxy.fail { _ in nil }
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 43, "\(comparison)")
            let stored = try await signal.compare(try await site.recording(stream, within: 60), in: scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 49, "\(stored)")
        }
        await proxy.stop()
    }
}
