import Events
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry
import Testing

@testable import Transcoder

@Suite(.timeLimit(.minutes(20))) struct RecordingKeeperTests {
    private static let day: Int64 = 24 * 3600 * 1_000_000
    private static let now: Int64 = 20_000 * day

    /// One store, and whoever listens to what is told of it.
    private struct Scene {
        let store = GatedStore()
        let bus = InProcessMessageBus()
        let metrics = MetricsRegistry()
        let log = RecordedLog()
        let subscription: any EventSubscription

        init() async throws {
            subscription = try await bus.subscribe("test", topics: ["recording.*"], exclusive: true)
        }

        func keeper(store: (any SegmentStore)? = nil, _ set: (inout RecordingRules) -> Void = { _ in })
            -> RecordingKeeper
        {
            var rules = RecordingRules()
            set(&rules)
            return RecordingKeeper(
                store: store ?? self.store, bus: bus.connect(), rules: rules, metrics: RecordingMetrics(metrics),
                logger: log.logger, now: { RecordingKeeperTests.now })
        }

        /// Two segments, and what else the index says.
        func add(_ stream: String, daysAgo: Int64, _ change: (inout RecordingIndex) -> Void = { _ in }) async throws {
            var index = RecordingIndex(
                stream: stream,
                renditions: [.init(name: "aac-64", codecs: "mp4a.40.2", peakBitRate: 1, averageBitRate: 1)])
            index.keeping = RecordingIndex.Keeping(channelID: "7")
            index.keeping.byteCount = 100
            index.isComplete = true
            index.epochs = [
                .init(
                    number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: 2,
                    lastSegmentSamples: 92_160,
                    dates: [
                        .init(
                            segment: 0, dateMicroseconds: RecordingKeeperTests.now - daysAgo * RecordingKeeperTests.day)
                    ])
            ]
            change(&index)
            for name in ["init-1.mp4", "1-0.m4s", "1-1.m4s"] {
                try await store.put(ByteBuffer(string: name), at: "\(stream)/aac-64/\(name)")
            }
            try await store.put(try index.encoded(), at: "\(stream)/index.json")
        }

        func nextEvent() async throws -> (event: Event, version: Int64)? {
            guard let delivery = try await subscription.next() else { return nil }
            subscription.acknowledge(delivery.tag)
            let envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
            guard case .event(let event) = try envelope.decodeEvent() else { return nil }
            return (event, envelope.aggregateVersion)
        }

        /// That nothing was told beside what was read: the next event is one of our own.
        func expectNoMoreEvents() async throws {
            try await RecordingAnnouncer(bus: bus).removed(stream: "marker", channelID: "0")
            let event = try await nextEvent()?.event
            #expect(event == .recordingDeleted(RecordingDeleted(streamID: "marker", channelID: "0")))
        }
    }

    @Test func whatWasNotToldIsToldOnce() async throws {
        let scene = try await Scene()
        try await scene.add("s", daysAgo: 2)
        let keeper = scene.keeper()
        try await keeper.sweep()
        try await keeper.sweep()
        // A process that starts later finds in the index that it was told.
        try await scene.keeper().sweep()
        let told = try #require(try await scene.nextEvent())
        #expect(
            told.event
                == .recordingCompleted(
                    RecordingCompleted(
                        streamID: "s", channelID: "7",
                        startedAt: Timestamp(milliseconds: (Self.now - 2 * Self.day) / 1000), durationSamples: 184_320,
                        ladder: [LadderRendition(name: "aac-64", codec: "aac", bitRate: 64_000)])))
        #expect(told.version == 1)
        try await scene.expectNoMoreEvents()
        #expect(scene.metrics.renderPrometheusText().contains("twitchy_store_recordings_bytes 100\n"))
    }

    @Test func removalsAreToldAndLeaveNothing() async throws {
        let scene = try await Scene()
        try await scene.add("old", daysAgo: 40) { $0.keeping.isAnnounced = true }
        try await scene.add("new", daysAgo: 2) { $0.keeping.isAnnounced = true }
        try await scene.keeper { $0.keepFor = .seconds(30 * 24 * 3600) }.sweep()
        #expect(try await scene.store.streams() == ["new"])
        let told = try #require(try await scene.nextEvent())
        #expect(told.event == .recordingDeleted(RecordingDeleted(streamID: "old", channelID: "7")))
        // Above that of the recording, so that one told late does not bring it back.
        #expect(told.version == 2)
        try await scene.expectNoMoreEvents()
        #expect(scene.metrics.renderPrometheusText().contains("twitchy_store_recordings_removed_total 1\n"))
    }

    /// Whoever lost what it knew can ask again.
    @Test func everythingIsToldAgainWhenAsked() async throws {
        let scene = try await Scene()
        try await scene.add("kept", daysAgo: 3) { $0.keeping.isAnnounced = true }
        try await scene.add("live", daysAgo: 0) { $0.isComplete = false }
        try await scene.add("going", daysAgo: 3) {
            $0.keeping.isAnnounced = true
            $0.keeping.isRemoved = true
        }
        try await scene.keeper().replay()
        guard case .recordingCompleted(let told) = try await scene.nextEvent()?.event else {
            Issue.record("not told")
            return
        }
        #expect(told.streamID == "kept")
        try await scene.expectNoMoreEvents()
    }

    /// Whatever step a process dies at, the next one finishes.
    @Test(arguments: 0...3) func aRemovalGoesOnWhereItStopped(calls: Int) async throws {
        let scene = try await Scene()
        try await scene.add("old", daysAgo: 40) { $0.keeping.isAnnounced = true }
        let fused = FusedStore(scene.store, changes: calls)
        let rule: (inout RecordingRules) -> Void = { $0.keepFor = .seconds(30 * 24 * 3600) }
        if calls < 2 {
            await #expect(throws: SegmentStoreError.self) { try await scene.keeper(store: fused, rule).sweep() }
            // Half gone or all there, the index says which.
            let index = try await scene.store.get("old/index.json").map { try RecordingIndex(decoding: $0) }
            #expect(index?.keeping.isRemoved == (calls == 1))
        } else {
            try await scene.keeper(store: fused, rule).sweep()
        }
        try await scene.keeper(rule).sweep()
        #expect(try await scene.store.streams() == [])
        let told = try #require(try await scene.nextEvent())
        #expect(told.event == .recordingDeleted(RecordingDeleted(streamID: "old", channelID: "7")))
    }

    @Test func severalProcessesDoNoHarm() async throws {
        let scene = try await Scene()
        for number in 0..<12 {
            try await scene.add("s\(number)", daysAgo: Int64(number)) { $0.keeping.isAnnounced = true }
        }
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<4 {
                group.addTask { try await scene.keeper { $0.quotaBytes = 500 }.sweep() }
            }
        }
        try await scene.keeper { $0.quotaBytes = 500 }.sweep()
        // Five of a hundred bytes fit, the newest.
        #expect(try await scene.store.streams() == (0..<5).map { "s\($0)" })
    }

    @Test func onlyWhatIsOldLiesWithoutAnIndex() async throws {
        let scene = try await Scene()
        // The memory store dates everything 1970.
        try await scene.store.put(ByteBuffer(string: "x"), at: "orphan/aac-64/1-0.m4s")
        try await scene.store.put(ByteBuffer(string: "{}"), at: "newer/index.json")
        try await scene.keeper().sweep()
        #expect(try await scene.store.streams() == ["newer"])
        #expect(scene.log.count(.error, containing: "cannot be read") == 1)
    }

    /// A stream on the air whose index is gone for the moment: its newest objects are listed behind a thousand old ones.
    @Test func whatIsStillWrittenToIsNoOrphan() async throws {
        let scene = try await Scene()
        let store = MemoryStore()
        for number in 0..<1005 {
            try await store.put(ByteBuffer(string: "x"), at: "live/aac-64/1-\(10_000 + number).m4s")
        }
        store.setDate(Self.now / 1_000_000, of: "live/aac-64/1-11004.m4s")
        try await scene.keeper(store: store).sweep()
        #expect(try await store.streams() == ["live"])
        store.setDate(0, of: "live/aac-64/1-11004.m4s")
        try await scene.keeper(store: store).sweep()
        #expect(try await store.streams() == [])
    }

    @Test func aDiskThatIsNearlyFullIsToldOnce() async throws {
        let scene = try await Scene()
        let store = DiskStore(scene.store)
        let keeper = scene.keeper(store: store)
        for (available, warnings) in [(300, 0), (200, 1), (100, 1), (500, 1), (150, 2)] {
            store.setAvailable(Int64(available))
            try await keeper.sweep()
            #expect(scene.log.count(.warning, containing: "nearly full") == warnings)
        }
        #expect(scene.metrics.renderPrometheusText().contains("twitchy_store_disk_used_ratio 0.85\n"))
    }
}
