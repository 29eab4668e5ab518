import AudioTimeline
import Logging
import MessageBus
import NIOCore
import NIOPosix
import S3Testing
import SegmentStore
import Telemetry
import Testing

@testable import Transcoder

/// Live streams while the store is down, and what is stored afterwards.
@Suite(.timeLimit(.minutes(20))) struct StoreOutageTests {
    private func withS3(
        _ body: (_ store: S3SegmentStore, _ proxy: FaultProxy, _ direct: S3SegmentStore) async throws -> Void
    ) async throws {
        let server = try await S3Server.shared.value
        let bucket = try await server.makeBucket()
        let proxy = try await FaultProxy.start(before: server.endpoint)
        var settings = S3Settings()
        settings.requestDeadline = .seconds(60)
        settings.connectDeadline = .seconds(30)
        let stores = try [proxy.endpoint, server.endpoint].map { endpoint in
            S3SegmentStore(
                location: try S3Location(parsing: "s3://\(bucket)/radio?endpoint=\(endpoint)"),
                credentials: S3Credentials(accessKeyID: "test", secretAccessKey: Redacted("secret")),
                group: .singletonMultiThreadedEventLoopGroup, settings: settings)
        }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(stores[0], proxy, stores[1]))
        } catch {
            outcome = .failure(error)
        }
        for store in stores { try await store.shutdown() }
        await proxy.stop()
        try outcome.get()
    }

    /// The service answers 500 while the whole stream is played: nobody who listens notices, and everything is stored
    /// when it answers again.
    @Test func playbackIsUnharmedAndTheBacklogIsStored() async throws {
        try await withS3 { store, proxy, direct in
            let scene = StoreScene()
            try await scene.declare()
            // The first segment or so is stored, then the service breaks.
            proxy.fail { $0.number < 12 ? nil : .answer(500) }
            let worker = try scene.worker("a", store: store)
            let run = Task { try await worker.run() }
            try await scene.publish(try .flac(seconds: 30))
            // All of it is announced although nothing is stored any more.
            let bundles = try await scene.bundles()
            #expect(bundles.count > 150)
            while proxy.calls.count < 20 { try await Task.sleep(for: .milliseconds(20)) }
            let before = try await direct.get("s/index.json").map { try RecordingIndex(decoding: $0) }
            #expect(before?.isComplete != true && (before?.nextMediaSequence ?? 0) < 3)
            proxy.fail { _ in nil }
            try await run.value
            try await scene.check(direct, has: bundles)
            #expect(try await scene.index(direct).epochs.count == 1)
            // Whoever watches the store tells of it, once for all streams.
            #expect(scene.log.count(.warning, containing: "") == 0)
            #expect(scene.log.count(.debug, containing: "The store refused") > 0)
            #expect(proxy.mostRunning <= 4)
            await scene.bus.shutdown()
        }
    }

    /// A hundred tries of ten streams fail: that is one line, and one when it is over.
    @Test func anOutageIsToldOnceForAllStreams() async throws {
        let log = RecordedLog()
        let outage = Outage("The store", logger: log.logger)
        let store = WatchedStore(MemoryStore(failures: 100)) { error in
            if let error { outage.failed("\(error)") } else { outage.worked() }
        }
        let metrics = TranscoderMetrics(MetricsRegistry())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in 0..<10 {
                let uploads = StoreUploads(store: store, metrics: metrics, logger: log.logger)
                let objects = (0..<4).map { (key: "s\(stream)/\($0)", bytes: ByteBuffer(string: "x")) }
                group.addTask { try await uploads.put(objects) }
            }
            try await group.waitForAll()
        }
        outage.tick(at: .now + .seconds(10))
        #expect(log.count(.warning, containing: "") == 1)
        #expect(log.count(.warning, containing: "The store fails") == 1)
        #expect(log.count(.notice, containing: "") == 1)
        #expect(log.count(.notice, containing: "The store works again") == 1)
        #expect(log.count(.debug, containing: "The store refused") == 100)
    }

    /// Answers that are lost, connections that are cut, and a service that is told to slow down.
    @Test func aServiceThatFailsNowAndThenLosesNothing() async throws {
        try await withS3 { store, proxy, direct in
            let scene = StoreScene()
            try await scene.declare()
            proxy.fail { call in
                switch call.number % 7 {
                case 1: .cut
                case 3: .loseAnswer
                case 4: .answer(503, body: "<Error><Code>SlowDown</Code></Error>")
                default: nil
                }
            }
            try await scene.publish(try .aac(seconds: 12))
            try await scene.worker("a", store: store).run()
            try await scene.check(direct, has: try await scene.bundles())
            await scene.bus.shutdown()
        }
    }

    /// The log has forgotten the beginning of the outage: that is lost, said once, and the index does not claim it.
    @Test func whatTheLogForgotIsLeftOutOfTheIndex() async throws {
        let scene = StoreScene()
        // About ten seconds of this ladder.
        try await scene.declare(LogOptions(maximumBytes: 2 << 20, minimumAge: .seconds(600)))
        let store = GatedStore()
        let worker = try scene.worker("a", store: store)
        store.close { $0.contains("/1-2.m4s") }
        let run = Task { try await worker.run() }
        try await scene.publish(try .flac(seconds: 60))
        // What is still there when the stream is over, from its first whole segment on.
        _ = try await scene.bundles()
        let kept = try await scene.bundles()
        store.open()
        try await run.value
        let index = try await scene.index(store)
        #expect(index.isComplete)
        #expect(index.epochs.count == 2)
        #expect(index.epochs.map(\.number) == [1, 1])
        #expect(index.epochs.first?.firstMediaSequence == 0)
        let resumed = try #require(index.epochs.last)
        let firstKept = try #require(kept.first { $0.part == 0 })
        #expect(resumed.firstMediaSequence == firstKept.mediaSequence)
        #expect(resumed.dates.first?.dateMicroseconds == firstKept.segmentDateMicroseconds)
        #expect(resumed.nextMediaSequence == (kept.last?.mediaSequence ?? 0) + 1)
        // Everything listed is there, and nothing of the hole.
        for epoch in index.epochs {
            for sequence in epoch.firstMediaSequence..<epoch.nextMediaSequence {
                for rendition in index.renditions {
                    #expect(try await store.get("s/\(rendition.name)/1-\(sequence).m4s") != nil)
                }
            }
        }
        let lost = resumed.firstMediaSequence - (index.epochs.first?.nextMediaSequence ?? 0)
        #expect(lost > 5)
        #expect(scene.log.count(.error, containing: "Part of the recording is lost") == 1)
        #expect(scene.metrics.renderPrometheusText().contains("twitchy_transcoder_lost_segments_total \(lost)\n"))
        await scene.bus.shutdown()
    }

    /// The standby writes nothing while the active worker lives; once it has taken over it stores also the segment that
    /// was open, whole.
    @Test func onlyTheActiveWorkerWrites() async throws {
        let scene = StoreScene()
        try await scene.declare()
        let (storeOfA, storeOfB) = (GatedStore(), GatedStore())
        let busOfA = scene.bus.connect()
        let first = try scene.worker("a", store: storeOfA, bus: busOfA)
        let second = try scene.worker("b", store: storeOfB)
        var maker = BatchMaker()
        try maker.push(try .aac(seconds: 12))
        maker.end()
        let half = maker.batches.count / 2
        let runA = Task { try? await first.run() }
        for batch in maker.batches[..<half] { try await scene.bus.publish(batch.encoded(), to: Topology.source("s")) }
        while try await storeOfA.get("s/index.json") == nil { try await Task.sleep(for: .milliseconds(5)) }
        let runB = Task { try await second.run() }
        while try await scene.bus.declareQueue(Topology.source("s"), Topology.sourceOptions).consumers < 2 {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(storeOfB.writes == 0)
        await busOfA.shutdown()
        await runA.value
        let writesOfA = storeOfA.writes
        for batch in maker.batches[half...] { try await scene.bus.publish(batch.encoded(), to: Topology.source("s")) }
        try await runB.value
        #expect(storeOfA.writes == writesOfA)
        // B had a store of its own, so it holds all that the log had.
        try await scene.check(storeOfB, has: try await scene.bundles())
        await scene.bus.shutdown()
    }

    /// A worker that froze in the middle of a write and wakes when another has finished the stream: what it still
    /// writes is the same bytes, and the index does not go back.
    @Test func aWriterThatWakesUpLateDoesNoHarm() async throws {
        let scene = StoreScene()
        try await scene.declare()
        let store = GatedStore()
        let frozen = FrozenStore(store, at: "/1-1.m4s")
        let late = Task { try await scene.writer(generation: 1, store: frozen).run() }
        try await scene.publish(try .aac(seconds: 12))
        try await scene.worker("a", store: GatedStore()).run()
        while !frozen.isFrozen { try await Task.sleep(for: .milliseconds(5)) }
        try await scene.writer(generation: 2, store: store).run()
        let finished = try await scene.index(store)
        #expect(finished.isComplete)
        let writes = store.indexWrites
        frozen.thaw()
        try await late.value
        // Not even for a moment: whoever reads it then would see the stream shrink.
        #expect(store.indexWrites == writes)
        #expect(try await scene.index(store) == finished)
        try await scene.check(store, has: try await scene.bundles())
        await scene.bus.shutdown()
    }

    /// Whoever reads the fence of a newer generation leaves the writing to it.
    @Test func aWriterStopsAtTheFenceOfAnother() async throws {
        let scene = StoreScene()
        try await scene.declare()
        try await scene.publish(try .aac(seconds: 6))
        try await scene.worker("a", store: GatedStore()).run()
        let store = GatedStore()
        try await scene.writer(generation: 0, store: store).run()
        #expect(store.writes == 0)
        await scene.bus.shutdown()
    }
}
