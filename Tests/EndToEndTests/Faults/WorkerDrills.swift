import Foundation
import Testing

/// What listeners hear while workers die. All of them are real; a kill is SIGKILL, a freeze SIGSTOP. How soon a stream
/// goes on is printed and not judged: that is a matter of the machine, and Benchmarks/takeover measures it.
@Suite(.heavy) struct WorkerDrills {
    /// Ten times in a row the active worker is killed, a standby being there: nobody hears it.
    @Test func tenKilledWorkersAreNotHeard() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 60)
            var site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 120)
            try await Task.sleep(for: .seconds(3))
            var generation = 1
            for round in 1...10 {
                let active = try site.activeWorker()
                site.workers[active].child.kill()
                site.workers.remove(at: active)
                generation = try await site.workers[0].takesOver(after: generation)
                site.workers.append(try await servers.start("transcoder", name: "worker-\(round + 2)"))
                // The next standby is offered the stream once a second.
                try await Task.sleep(for: .seconds(2.5))
            }
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            #expect(heard.isEnded)
            let live = try MediaPlaylistText(try await site.origin.publicHTTP.get(stream.live("aac-256")).text)
            #expect(!live.text.contains("EXT-X-DISCONTINUITY\n") && live.discontinuitySequence == 0)
            let slots = heard.parts.map { $0.sequence * 10 + $0.part }
            let jumps = zip(slots, slots.dropFirst()).filter { $0 + 1 != $1 }
            #expect(jumps.isEmpty, "each part follows the one before: \(jumps)")
            let delays = heard.delays(partSeconds: 0.192, partsPerSegment: 10).map(\.seconds).sorted()
            let usual = delays[delays.count / 2]
            print("seams: latest part \(Int((delays.last ?? 0) * 1000 - usual * 1000)) ms behind the median")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 52, "\(comparison)")
            // Segments that were open at a kill are stored as listeners got them.
            for segment in live.segments {
                let parts = heard.parts.filter { $0.name.hasPrefix(segment.name.dropLast(4) + ".") }
                guard parts.count == 10 else { continue }
                let stored = try Data(
                    contentsOf: scene.file("segments").appending(path: "\(stream.identifier)/aac-256/\(segment.name)"))
                #expect(stored == parts.map(\.bytes).reduce(Data(), +), "\(segment.name)")
            }
        }
    }

    /// A frozen worker is found by its heartbeat; what it still says when it wakes does not count.
    @Test func aFrozenWorkerIsReplaced() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 40)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            try await Task.sleep(for: .seconds(4))
            let active = try site.activeWorker()
            site.workers[active].child.send(SIGSTOP)
            let frozenAt = Moment.now
            _ = try await site.workers[1 - active].takesOver(after: 1)
            try await Task.sleep(for: .seconds(max(1, 10 - (Moment.now - frozenAt))))
            site.workers[active].child.send(SIGCONT)
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            let gap = heard.longestGap(in: frozenAt - 0.3...frozenAt + 9)
            print("frozen worker: no part for \(Int(gap * 1000)) ms")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 33, "\(comparison)")
        }
    }

    /// Nobody stands by: the worker and its standby die in the same moment, and a third one is offered the stream; then
    /// that one dies too, the last of them, and another is started, as a supervisor would.
    @Test func withoutStandbyTheStreamGoesOnSoon() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 30)
            var site = try await Site.start(on: servers, workers: 3)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: site.origin.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 60)
            try await Task.sleep(for: .seconds(4))
            // Ingest offers a stream to two: the idle one has logged nothing of it.
            let idle = try #require(
                site.workers.firstIndex { worker in !worker.child.log.contains { $0["stream"] != nil } })
            let third = site.workers.remove(at: idle)
            var killed = [Moment.now]
            for worker in site.workers { worker.child.kill() }
            _ = try await third.takesOver(after: 1)
            try await Task.sleep(for: .seconds(3))
            killed.append(Moment.now)
            third.child.kill()
            let fourth = try await servers.start("transcoder", name: "worker-4")
            _ = try await fourth.takesOver(after: 2)
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            for moment in killed {
                let gap = heard.longestGap(in: moment - 0.3...moment + 5)
                print("without a standby: no part for \(Int(gap * 1000)) ms")
            }
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 23, "\(comparison)")
        }
    }
}

/// What a browser hears while workers die.
@Suite(.alone) struct BrowserDrills {
    /// Workers are killed one after the other while the page plays at PART-HOLD-BACK: it does not break off
    /// while parts come within its delay. How soon a successor has encoded the pre-roll is a matter of the machine, and this
    /// is a debug build: a listener without a player tells which parts came too late for anybody.
    @Test func aBrowserDoesNotHearKilledWorkers() async throws {
        try await Distributed.run { servers in
            let signal = try await Signal.make(in: servers.scene, seconds: 60)
            var site = try await Site.start(on: servers)
            let edge = try await site.startEdge()
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            let listener = LowLatencyListener(port: edge.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 40)
            let page = try await BrowserListener.start(edge, seconds: 24, in: servers.scene)
            for round in 1...4 {
                // The page gets to its delay by playback rate.
                try await Task.sleep(for: .seconds(round == 1 ? 8 : 3))
                let active = try site.activeWorker()
                let generation = site.workers[active].generation
                site.workers.remove(at: active).child.kill()
                _ = try await site.workers[0].takesOver(after: generation)
                site.workers.append(try await servers.start("transcoder", name: "worker-\(round + 2)"))
            }
            let heard = try await page.result()
            let parts = try await hearing
            encoder.kill()
            let late = parts.tooLate
            print("page at PART-HOLD-BACK over four killed workers, \(late.count) parts late: \(heard)")
            #expect(heard.stalls ?? .max <= late.count && heard.errors.isEmpty, "\(heard), late by \(late) s")
            // What came too late is missing at the end, and nothing else.
            let missing = heard.stalls == 0 ? 0 : late.reduce(0, +)
            #expect(heard.advancedSeconds ?? 0 >= 23.5 - missing, "\(heard), late by \(late) s")
        }
    }
}
