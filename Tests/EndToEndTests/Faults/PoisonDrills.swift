import Events
import Foundation
import MessageBus
import NIOCore
import Testing

/// Things that no process can digest: told of once, set aside, and never a loop of crashes.
@Suite(.heavy) struct PoisonDrills {
    /// A packet that crashes the decoder kills the worker that has it and the next two; the one after them takes its
    /// slot as silence. Another that comes soon after warms up with the same packets, and lives.
    @Test func aPacketThatCrashesTheDecoderIsSilence() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let faults = try await FaultInjection.build(in: scene, diskFolder: scene.file("none"))
            let signal = try await Signal.make(in: scene, seconds: 36)
            let source = scene.file("poisoned.aac")
            _ = try await scene.run(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-i", signal.file.path, "-c:a", "aac", "-aac_pns", "0", "-b:a",
                    "256k", source.path,
                ], name: "encode")
            // 9 s into it.
            try FaultInjection.poison(source, atFrame: 422)
            let site = try await Site.start(on: servers, workers: 5, environment: faults.environment)
            let encoder = try scene.encoder(source, ["-c:a", "copy"], to: ["-f", "flv", site.rtmpAddress])
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            let told = "Workers died of the next slot of the source: it is taken as silence"
            let survivor = try await eventually("a worker goes on", within: 40) {
                site.workers.first { worker in worker.child.log.contains { $0.message == told } }
            }
            _ = try await eventually("three workers are dead", within: 10) {
                site.workers.count { $0.child.exit == .signal(SIGABRT) } == 3 ? true : nil
            }
            // The last one stands by a second later; then the packet is still in what it would warm up with.
            try await Task.sleep(for: .seconds(1.3))
            survivor.child.kill()
            let last = try #require(site.workers.first { $0.child.isRunning })
            _ = try await last.takesOver(after: 4)
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(last.child.isRunning)
            #expect(heard.complaints.isEmpty && heard.isEnded, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken, "\(comparison)")
            // The slot and what the encoder looks ahead: less than a window of the comparison, in which they are missed.
            #expect(comparison.holes.allSatisfy { $0[1] - $0[0] <= 0.5 }, "\(comparison)")
            #expect((comparison.worstWindowSnrDb ?? 99) < 6, "\(comparison)")
            #expect(comparison.matchedSeconds >= 28, "\(comparison)")
            let lines = site.workers.flatMap(\.child.log)
            #expect(lines.count { $0.message == told } == 1)
        }
    }

    /// Events that nobody can read, and one of a version that is not known yet, wait in the dead-letter queues of those
    /// who got them; what comes after them is applied.
    @Test func eventsThatCannotBeAppliedAreSetAside() async throws {
        try await Distributed.run { servers in
            let site = try await Site.start(on: servers, workers: 0)
            let bus = RabbitMQMessageBus(try RabbitMQConfiguration(url: servers.brokerURL))
            try await bus.waitUntilConnected()
            let topic = EventType.channelChanged.topic
            let channel = ChannelChanged(
                channelID: "7", name: "later", title: "", ownerID: nil, recording: true, deleted: false)
            var newer = EventEnvelope(.channelChanged(channel), at: Timestamp(milliseconds: 1))
            newer.version = 99
            try await bus.publishEvent(topic: topic, ByteBuffer(string: "{ no event"))
            try await bus.publishEvent(topic: topic, ByteBuffer(bytes: newer.encoded()))
            await bus.shutdown()
            let listeners = [("ingest", site.ingest), ("origin", site.origin)]
            for (name, process) in listeners {
                let count = try await eventually("\(name) sets both aside", within: 20, every: 0.3) {
                    let count = try await servers.messages(inQueue: "\(name).dead")
                    return count == 2 ? count : nil
                }
                #expect(count == 2)
                // A subscriber of its own for what is kept in memory hears them too.
                #expect((1...2).contains(process.child.log.count { $0.message == "event refused" }), "\(name)")
                #expect(process.child.log.count { $0.message.hasPrefix("event of a newer service set aside") } == 1)
            }
            let made = try await servers.command(["channel", "create", "next"])
            let key = try #require(made.firstMatch(of: /stream key\s+(\S+)/)?.1)
            let signal = try await Signal.make(in: servers.scene, seconds: 3)
            let encoder = try servers.scene.encoder(
                signal.file, ["-c:a", "aac"], to: ["-f", "flv", "rtmp://127.0.0.1:\(site.ingest.rtmp)/live/\(key)"])
            try await encoder.waitForSuccess(within: 20)
            for process in [site.accounts, site.ingest, site.origin] { #expect(process.child.isRunning) }
        }
    }

    /// Wrong at the start: one line, and an exit code that a supervisor does not start again for. Wrong later: one line,
    /// origins serve on, and all is well once it is right again.
    @Test func aWrongPasswordIsToldOnce() async throws {
        try await Distributed.run { servers in
            let broker = try #require(servers.brokerURL.firstMatch(of: /^amqp:\/\/([^:]+):([^@]+)@(.+)$/))
            let (user, password, rest) = (String(broker.1), String(broker.2), String(broker.3))
            for (number, environment) in [
                ["TWITCHY_AMQP_URL": "amqp://\(user):not-this-one@\(rest)"],
                ["TWITCHY_DATABASE_URL": servers.databaseURL.replacing("twitchy:twitchy@", with: "twitchy:not-this@")],
            ].enumerated() {
                let child = try servers.launch(
                    "origin", name: "locked-out-\(number)", environment: environment)
                let exit = try await child.waitForExit(within: 20)
                #expect(exit == .code(69), "\(child.messages)")
                let lines = child.messages.split(separator: "\n")
                #expect(lines.count { !$0.hasPrefix("{") } == 1, "\(child.messages)")
                #expect(!child.messages.contains("not-this"), "\(child.messages)")
            }
            let signal = try await Signal.make(in: servers.scene, seconds: 40)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            try await Task.sleep(for: .seconds(4))
            try await servers.control(["change_password", user, "another"])
            try await servers.control(["close_all_connections", "password changed"])
            try await Task.sleep(for: .seconds(6))
            #expect(try await site.origin.publicHTTP.get(stream.live("aac-256")).status == 200)
            #expect(try await site.origin.adminHTTP.get("/readyz").status == 200)
            let refused = try await site.ingest.adminHTTP.get("/readyz")
            #expect(refused.status == 503 && refused.text.contains("password"), "\(refused.text)")
            try await servers.control(["change_password", user, password])
            _ = try await eventually("ingest is ready again", within: 20) {
                try await site.ingest.adminHTTP.get("/readyz").status == 200 ? true : nil
            }
            for process in [site.ingest, site.origin] + site.workers {
                // An outage is one line, and another when it is of another kind: the password is refused many times in
                // these seconds.
                let end = try await eventually("the end is told", within: 30) {
                    process.child.log.first { $0.message == "RabbitMQ works again" }
                }
                let lost = process.child.log.filter { $0.message == "RabbitMQ fails" }
                let refused = lost.filter { $0["reason"]?.contains("refuses the user") == true }
                #expect(refused.count == 1 && lost.count == 2, "\(lost)")
                #expect(end["connections"] == "consuming, publishing, queues" && end["lasted"] != nil, "\(end)")
                #expect(Int(end["failures"] ?? "") ?? 0 > 3, "\(end)")
                #expect(process.child.isRunning && !process.child.messages.contains("another"))
            }
            try await encoder.waitForSuccess(within: 60)
            let stored = try await signal.compare(try await site.recording(stream, within: 60), in: servers.scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 39, "\(stored)")
        }
    }

    /// The disk of the store is full for ten seconds: one line, live playback goes on, and the recording is whole when
    /// there is room again.
    @Test func aFullDiskIsToldOnce() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let faults = try await FaultInjection.build(in: scene, diskFolder: scene.file("segments"))
            let signal = try await Signal.make(in: scene, seconds: 24)
            let site = try await Site.start(on: servers, environment: faults.environment)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 60)
            try await Task.sleep(for: .seconds(3))
            try faults.fillDisk()
            let active = site.workers[try site.activeWorker()]
            func told() -> Int { active.child.log.count { $0["reason"]?.contains("no room is left") == true } }
            _ = try await eventually("the full disk is told of", within: 10) { told() > 0 ? true : nil }
            try await Task.sleep(for: .seconds(10))
            try faults.makeRoom()
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            let stored = try await signal.compare(try await site.recording(stream), in: scene)
            #expect(stored.isUnbroken && stored.holes.isEmpty && stored.matchedSeconds >= 23, "\(stored)")
            #expect(told() == 1)
            _ = try await eventually("the end is told", within: 60) {
                active.child.log.contains { $0.message == "The store works again" } ? true : nil
            }
        }
    }
}
