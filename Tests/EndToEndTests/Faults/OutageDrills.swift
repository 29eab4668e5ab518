import Foundation
import ProxyTesting
import Testing

/// What listeners hear while servers hang, forget or come back changed, and nobody dies.
@Suite(.heavy) struct OutageDrills {
    /// One Ingest's clock is a minute and a half fast, and the database is away for longer than a lease and its grace
    /// last: the streams of the other go on, and nobody takes them for left behind.
    @Test func neitherAFastClockNorALostDatabaseEndsAStream() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 120)
            let site = try await Site.start(on: servers)
            let fast = try await FaultInjection.build(in: scene, diskFolder: scene.file("none"), secondsFast: 90)
            let other = try await servers.start("ingest", name: "ingest-fast", environment: fast.environment)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 300)
            try await Task.sleep(for: .seconds(3))
            try await servers.stopDatabase()
            try await Task.sleep(for: .seconds(45))
            try await servers.startDatabase()
            try await encoder.waitForSuccess(within: 150)
            let heard = try await hearing
            #expect(heard.isEnded && heard.complaints.isEmpty, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 112, "\(comparison)")
            for process in [site.ingest, other] {
                let lines = process.child.log.map(\.message)
                #expect(!lines.contains { $0.contains("left behind") || $0.contains("took the stream over") })
            }
        }
    }

    /// The broker comes back without anything that it had: the stream goes on, in the recording too, and for origins
    /// long before the new log is as long as the old one was.
    @Test func aBrokerThatLostItsLogsSilencesNobody() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 120)
            let site = try await Site.start(on: servers, origins: 2)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            _ = try await servers.stream(at: site.origins[1])
            // Somebody listens at each.
            let origins = site.origins
            let listening = Task {
                while !Task.isCancelled {
                    for origin in origins { _ = try? await origin.publicHTTP.get(stream.live("aac-256")) }
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            defer { listening.cancel() }
            try await Task.sleep(for: .seconds(50))
            try await servers.stopBroker()
            // While it stopped, the stream went on.
            let before = try MediaPlaylistText(try await site.origin.publicHTTP.get(stream.live("aac-256")).text)
            try servers.wipeBroker()
            try await servers.startBroker()
            for (number, origin) in site.origins.enumerated() {
                _ = try await eventually("origin \(number + 1) goes on", within: 20) {
                    let now = try MediaPlaylistText(try await origin.publicHTTP.get(stream.live("aac-256")).text)
                    return now.next.sequence > before.next.sequence + 3 ? true : nil
                }
                let noticed = origin.child.log.count { $0.message.hasPrefix("The log was made anew") }
                #expect(noticed >= 1, "origin \(number + 1)")
            }
            try await encoder.waitForSuccess(within: 90)
            let stored = try await signal.compare(try await site.recording(stream, within: 60), in: scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 119, "\(stored)")
        }
    }

    /// Two workers with a slot each, one of them standing by: it gives way to a second stream. A third one that nobody has
    /// a slot for is told once, counted, and taken as soon as there is a worker.
    @Test func aStandbyGivesWayToAStreamWithoutAWorker() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 90)
            var site = try await Site.start(on: servers, workers: 0)
            func startWorker() async throws {
                let name = "worker-\(site.workers.count + 1)"
                site.workers.append(try await servers.start("transcoder", name: name, options: ["--slots", "1"]))
            }
            try await startWorker()
            try await startWorker()
            var encoders = [try site.push(signal)]
            _ = try await site.stream()
            // Both have it, one of them standing by.
            try await Task.sleep(for: .seconds(3))
            func push(_ name: String) async throws {
                let made = try await servers.command(["channel", "create", name])
                let key = try #require(made.firstMatch(of: /stream key\s+(\S+)/)?.1)
                encoders.append(
                    try scene.encoder(
                        signal.file, ["-c:a", "aac"],
                        to: ["-f", "flv", "rtmp://127.0.0.1:\(site.ingest.rtmp)/live/\(key)"], name: name))
            }
            func isHeard(_ name: String) async throws -> Bool {
                try await site.origin.publicHTTP.get("/hls/\(name)/master.m3u8").status == 200
            }
            try await push("second")
            _ = try await eventually("the second is heard", within: 15) { try await isHeard("second") ? true : nil }
            #expect(site.workers.contains { $0.child.log.contains { $0.message.hasPrefix("No longer standing by") } })
            try await push("third")
            let warning = "No transcoder takes the stream"
            func warnings() -> Int { site.ingest.child.log.count { $0.message.hasPrefix(warning) } }
            _ = try await eventually("nobody takes the third", within: 15) { warnings() > 0 ? true : nil }
            let metrics = try await site.ingest.adminHTTP.get("/metrics").text
            #expect(metrics.contains("twitchy_ingest_streams_without_worker 1"))
            try await startWorker()
            _ = try await eventually("the third is heard", within: 15) { try await isHeard("third") ? true : nil }
            #expect(warnings() == 1)
            _ = try await eventually("the count is 0 again", within: 5) {
                let metrics = try await site.ingest.adminHTTP.get("/metrics").text
                return metrics.contains("twitchy_ingest_streams_without_worker 0") ? true : nil
            }
            let demo = try await site.origin.publicHTTP.get("/hls/demo/master.m3u8")
            #expect(demo.status == 200)
            for encoder in encoders { encoder.kill() }
        }
    }

    /// The connection of one of two origins to the broker hangs: whoever listens through nginx is never given an older
    /// playlist than before. When both hang, there still is one.
    @Test func anOriginThatIsCutOffIsPassedOver() async throws {
        try await Distributed.run { servers in
            let signal = try await Signal.make(in: servers.scene, seconds: 90)
            var site = try await Site.start(on: servers, origins: 0)
            let (proxy, behindProxy) = try await servers.proxyToBroker()
            site.origins = [
                try await servers.start("origin", name: "origin-1", environment: behindProxy),
                try await servers.start("origin", name: "origin-2"),
            ]
            let edge = try await site.startEdge()
            let encoder = try site.push(signal)
            let stream = try await servers.stream(at: site.origins[1])
            _ = try await servers.stream(at: site.origins[0])
            try await proxy.setFrozen(true)
            _ = try await eventually("the first origin says that it is cut off", within: 20) { () -> Bool? in
                // Whoever asks for it keeps it reading.
                _ = try await site.origins[0].publicHTTP.get(stream.live("aac-256"))
                let ready = try await site.origins[0].adminHTTP.get("/readyz")
                #expect(ready.status == 200)
                return ready.text.contains("proxies are told to ask another origin") ? true : nil
            }
            let stale = try MediaPlaylistText(try await site.origins[0].publicHTTP.get(stream.live("aac-256")).text)
            var newest = stale.next.sequence
            let start = newest
            for _ in 0..<60 {
                let reply = try await edge.publicHTTP.get(stream.live("aac-256"))
                #expect(reply.status == 200)
                let now = try MediaPlaylistText(reply.text).next.sequence
                #expect(now >= newest, "\(now) after \(newest)")
                newest = max(newest, now)
                try await Task.sleep(for: .milliseconds(150))
            }
            #expect(newest > start)
            // Both: the second one is stopped, so that the first is all there is.
            site.origins[1].child.kill()
            let last = try await edge.publicHTTP.get(stream.live("aac-256"))
            #expect(last.status == 200, "\(last.text)")
            try await proxy.setFrozen(false)
            _ = try await eventually("the first origin goes on", within: 30) { () -> Bool? in
                let reply = try await edge.publicHTTP.get(stream.live("aac-256"))
                return try reply.status == 200 && MediaPlaylistText(reply.text).next.sequence > newest ? true : nil
            }
            encoder.kill()
            try await proxy.close()
        }
    }

    /// The database comes back from a backup that is older than the stream: the row is written again, the stream goes on,
    /// and its end reaches everybody.
    @Test func aDatabaseFromBeforeTheStreamDoesNotEndIt() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 25)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            try await Task.sleep(for: .seconds(3))
            try await servers.execute("DELETE FROM ingest.streams")
            _ = try await eventually("the row is written again", within: 15) {
                site.ingest.child.log.contains { $0.message.contains("it is written again") } ? true : nil
            }
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.isEnded && heard.complaints.isEmpty, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            _ = try await eventually("the channel is off the air", within: 10) {
                try await site.origin.publicHTTP.get("/hls/demo/master.m3u8").status == 404 ? true : nil
            }
        }
    }

    /// The broker is away for longer than Ingest remembers: silence stands for what is lost, and nothing behind it comes
    /// too early. One warning says so.
    @Test func whatExceedsIngestsMemoryIsSilence() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 140)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            try await Task.sleep(for: .seconds(5))
            try await servers.stopBroker()
            // Half a minute is kept, and as much may be on its way to the broker when it stops.
            try await Task.sleep(for: .seconds(80))
            try await servers.startBroker()
            try await encoder.waitForSuccess(within: 120)
            let stored = try await signal.compare(try await site.recording(stream, within: 60), in: scene)
            #expect(stored.isUnbroken, "nothing is moved: \(stored)")
            #expect(stored.holes.count == 1, "\(stored)")
            #expect(stored.matchedSeconds >= 70 && abs(stored.lengthDifferenceSamples) < 48_000, "\(stored)")
            let warnings = site.ingest.child.log.count { $0.message.hasPrefix("Audio is lost") }
            #expect(warnings == 1)
        }
    }

    /// A worker gets a twentieth of the time that it needs: it hands the stream to the one that stands by, and nothing is
    /// lost on the way.
    @Test func aSlowWorkerHandsOver() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 90)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            // A worker that has just begun is given time.
            try await Task.sleep(for: .seconds(20))
            let slow = try site.activeWorker()
            let other = site.workers[1 - slow]
            let slowing = Task {
                while !Task.isCancelled {
                    site.workers[slow].child.send(SIGSTOP)
                    try? await Task.sleep(for: .milliseconds(390))
                    site.workers[slow].child.send(SIGCONT)
                    try? await Task.sleep(for: .milliseconds(10))
                }
                site.workers[slow].child.send(SIGCONT)
            }
            _ = try await other.takesOver(after: 1, within: 30)
            slowing.cancel()
            await slowing.value
            #expect(site.workers[slow].child.log.contains { $0.message.contains("handing the stream over") })
            try await encoder.waitForSuccess(within: 120)
            let stored = try await signal.compare(try await site.recording(stream, within: 60), in: scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 89, "\(stored)")
        }
    }
}
