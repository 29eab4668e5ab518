import AudioTimeline
import Events
import MessageBus
import NIOCore
import SegmentStore
import Testing

@testable import Transcoder

/// Streams of channels that do not record.
@Suite(.timeLimit(.minutes(20))) struct RewindWindowTests {
    private func index(_ segments: UInt64, dates: [RecordingIndex.DateCorrection]? = nil) -> RecordingIndex {
        var index = RecordingIndex(
            stream: "s",
            renditions: ["aac-64", "flac"].map {
                .init(name: $0, codecs: "x", peakBitRate: 1, averageBitRate: 1)
            })
        index.keeping.byteCount = Int64(segments) * 10
        index.epochs = [
            .init(
                number: 1, firstMediaSequence: 0, discontinuitySequence: 0, segmentCount: segments,
                lastSegmentSamples: 1000, dates: dates ?? [.init(segment: 0, dateMicroseconds: 0)])
        ]
        return index
    }

    @Test func theFrontIsForgottenSegmentBySegment() {
        var trimmed = index(
            10, dates: [.init(segment: 0, dateMicroseconds: 0), .init(segment: 4, dateMicroseconds: 8_000_000)])
        let before = trimmed
        // Three whole segments and the short one.
        let keys = trimmed.trim(keeping: 3 * 92_160 + 1000)
        #expect(keys == (0..<6).flatMap { ["s/aac-64/1-\($0).m4s", "s/flac/1-\($0).m4s"] })
        #expect(trimmed.nextMediaSequence == 10)
        #expect(trimmed.epochs.first?.firstMediaSequence == 6)
        #expect(trimmed.totalSamples == 3 * 92_160 + 1000)
        for segment in UInt64(6)..<10 {
            #expect(
                trimmed.epochs[0].dateMicroseconds(ofSegment: segment - 6)
                    == before.epochs[0].dateMicroseconds(ofSegment: segment))
        }
        #expect(trimmed.endMicroseconds == before.endMicroseconds)
        #expect(trimmed.keeping.byteCount == 40)
        #expect(trimmed.trim(keeping: 3 * 92_160 + 1000) == [])
    }

    @Test func initializationSegmentsGoWithTheirEpoch() {
        var trimmed = index(2)
        trimmed.epochs[0].lastSegmentSamples = 92_160
        trimmed.epochs.append(
            .init(
                number: 2, firstMediaSequence: 2, discontinuitySequence: 1, segmentCount: 1, lastSegmentSamples: 92_160,
                dates: [.init(segment: 0, dateMicroseconds: 9)]))
        #expect(!trimmed.trim(keeping: 2 * 92_160).contains { $0.contains("init") })
        #expect(trimmed.trim(keeping: 92_160).contains("s/flac/init-1.mp4"))
        // The last segment stays whatever is asked for.
        #expect(trimmed.trim(keeping: 0) == [])
        #expect(trimmed.epochs.map(\.number) == [2])
    }

    /// The window can be rewound, nothing older lies in the store, and when the stream is over nothing is told of it.
    @Test func onlyTheWindowIsStored() async throws {
        let scene = StoreScene()
        try await scene.declare()
        let subscription = try await scene.bus.subscribe("test", topics: ["recording.*"], exclusive: true)
        let store = MemoryStore()
        let job = TranscodeJob(stream: "s", channel: "c", channelID: "7", isRecorded: false)
        var rules = RecordingRules()
        // With the 30 s for late listeners, 36 s are stored.
        rules.rewind = .seconds(6)
        try await scene.publish(try .aac(seconds: 60))
        try await scene.worker("a", store: store, job: job, rules: rules).run()
        let index = try await scene.index(store)
        #expect(index.isComplete && !index.keeping.isRecorded && index.keeping.channelID == "7")
        #expect(index.totalSamples >= 36 * 48_000 && index.totalSamples < 38 * 48_000)
        let epoch = try #require(index.epochs.first)
        #expect(epoch.firstMediaSequence > 5 && epoch.nextMediaSequence >= 31)
        let stored = try await store.objects(under: "s/flac", after: nil, limit: 1000).map(\.key)
        #expect(
            Set(stored)
                == Set(
                    ["s/flac/init-1.mp4"]
                        + (epoch.firstMediaSequence..<epoch.nextMediaSequence).map { "s/flac/1-\($0).m4s" }))
        // The index's own sum is near what lies there.
        var bytes: Int64 = 0
        for key in store.objects.keys where key.hasSuffix(".m4s") {
            bytes += Int64(store.objects[key]?.readableBytes ?? 0)
        }
        #expect(abs(index.keeping.byteCount - bytes) < bytes / 5)
        try await RecordingAnnouncer(bus: scene.bus).removed(stream: "marker", channelID: "0")
        let told = try #require(try await subscription.next())
        #expect(String(buffer: told.payload).contains("marker"))
        await scene.bus.shutdown()
    }

    /// A kept one is told of by whoever completes it, and its index says so.
    @Test func aRecordingIsToldWhenItIsComplete() async throws {
        let scene = StoreScene()
        try await scene.declare()
        let subscription = try await scene.bus.subscribe("test", topics: ["recording.*"], exclusive: true)
        let store = MemoryStore()
        try await scene.publish(try .aac(seconds: 5))
        try await scene.worker(
            "a", store: store, job: TranscodeJob(stream: "s", channel: "c", channelID: "7"), rules: RecordingRules()
        ).run()
        let index = try await scene.index(store)
        #expect(index.keeping.isAnnounced)
        let told = try #require(try await subscription.next())
        let envelope = try EventEnvelope(decoding: told.payload.readableBytesView)
        guard case .event(.recordingCompleted(let recording)) = try envelope.decodeEvent() else {
            Issue.record("\(envelope)")
            return
        }
        #expect(recording.streamID == "s" && recording.channelID == "7")
        #expect(recording.durationSamples == index.totalSamples)
        #expect(recording.ladder.map(\.codec) == ["aac", "opus", "flac"])
        let bytes = store.objects.filter { $0.key.hasSuffix(".m4s") }.reduce(0) { $0 + $1.value.readableBytes }
        #expect(index.keeping.byteCount == Int64(bytes))
        await scene.bus.shutdown()
    }
}
