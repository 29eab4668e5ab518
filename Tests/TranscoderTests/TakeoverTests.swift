import AudioTimeline
import FFmpeg
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Telemetry
import Testing

@testable import Transcoder

/// Workers on the in-process bus, as they run in production.
struct TakeoverTests {
    private static let ladder = "aac:128,opus:96,flac"

    private func worker(
        _ name: String, _ bus: any MessageBus, store: any SegmentStore, stream: String = "s"
    ) throws -> StreamWorker {
        StreamWorker(
            job: TranscodeJob(stream: stream, channel: "c"), bus: bus, store: store,
            rules: RecordingRules(), ladder: try Ladder(parsing: Self.ladder), threads: CodecThreads(count: 1),
            worker: name,
            metrics: TranscoderMetrics(MetricsRegistry()), late: LateStreams(TranscoderMetrics(MetricsRegistry())),
            logger: Logger(
                label: "test",
                factory: { _ in
                    SwiftLogNoOpLogHandler()
                }))
    }

    private func declare(_ bus: any MessageBus) async throws {
        try await bus.declareQueue(Topology.source("s"), Topology.sourceOptions)
        try await bus.declareLog(Topology.media("s"), Topology.mediaOptionsOfRemoteStore)
    }

    /// Reads the log until `isEnough`, or its end.
    private func bundles(
        _ bus: any MessageBus, until isEnough: ([MediaBundle]) -> Bool
    ) async throws -> (bundles: [MediaBundle], fences: Int) {
        let reader = try await bus.read(Topology.media("s"), from: .first)
        var filter = MediaLogFilter()
        var bundles: [MediaBundle] = []
        var fences = 0
        reading: while let reading = try await reader.next() {
            guard case .entry(let entry) = reading else { continue }
            switch filter.accept(try MediaLogEntry(decoding: entry.payload)) {
            case .bundle(let bundle): bundles.append(bundle)
            case .fence: fences += 1
            case .end: break reading
            case nil: break
            }
            if isEnough(bundles) { break }
        }
        await reader.close()
        return (bundles, fences)
    }

    /// The broker lost what lay in the queue, and it was too old to be sent again: silence stands in its place, and
    /// nothing behind it moves.
    @Test(.timeLimit(.minutes(20))) func whatWasLostIsSilence() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.flac(seconds: 12))
        maker.end()
        let bus = InProcessMessageBus()
        try await declare(bus)
        let busOfA = bus.connect()
        let store = MemoryStore()
        let a = try worker("a", busOfA, store: store)
        let runA = Task { try? await a.run() }
        let count = maker.batches.count
        for batch in maker.batches[..<(count / 3)] { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        let before = try await bundles(bus) { $0.count >= 15 }.bundles
        await busOfA.shutdown()
        await runA.value
        try await bus.deleteQueue(Topology.source("s"))
        try await bus.declareQueue(Topology.source("s"), Topology.sourceOptions)
        let later = maker.batches[(count * 2 / 3)...]
        for batch in later { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        try await worker("b", bus, store: store).run()
        let (joined, _) = try await bundles(bus) { _ in false }
        let positions = joined.map(\.position)
        #expect(positions == positions.indices.map { Int64($0) * Timeline.slotSamples })
        #expect(Set(joined.map(\.epoch)).count == 1 && joined.count > 60)
        func slots(_ predicate: (MediaBundle) -> Bool) -> [Int64] {
            joined.filter(predicate).map { $0.position / Timeline.slotSamples }
        }
        let silent = slots { bundle in bundle.levels.allSatisfy { $0.peak == 255 } }
        let first = try #require(silent.first)
        let last = try #require(silent.last)
        #expect(silent == Array(first...last) && silent.count > 15)
        #expect(Int(first) >= before.count)
    }

    /// A worker vanishes in mid-stream: its successor goes on without a sample missing, repeated, or different from
    /// what one worker alone would have made of the source.
    @Test(.timeLimit(.minutes(20)), arguments: ["FLAC", "AAC, 44.1 kHz", "Opus with pre-skip and padding"])
    func successorGoesOnSeamlessly(name: String) async throws {
        let source =
            switch name {
            case "FLAC": try TestSource.flac(seconds: 8)
            case "AAC, 44.1 kHz": try TestSource.aac44100(seconds: 8)
            default: try TestSource.trimmedOpus(packets: 400)
            }
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let bus = InProcessMessageBus()
        try await declare(bus)
        let busOfA = bus.connect()
        let busOfB = bus.connect()
        let store = MemoryStore()
        let a = try worker("a", busOfA, store: store)
        let b = try worker("b", busOfB, store: store)
        let half = maker.batches.count * 6 / 10
        for batch in maker.batches[..<half] { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        let runA = Task { try? await a.run() }
        // Ten whole slots are in the log when A goes.
        _ = try await bundles(bus) { $0.count >= 15 }
        let runB = Task { try await b.run() }
        await busOfA.shutdown()
        await runA.value
        for batch in maker.batches[half...] { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        try await runB.value
        let (joined, fences) = try await bundles(bus) { _ in false }
        #expect(fences == 2)
        #expect(Set(joined.map(\.generation)) == [1, 2])
        #expect(joined.map(\.position) == joined.indices.map { Int64($0) * 9216 })
        let played = try Played(joined)
        played.checkContiguous()
        let alone = try await StreamTranscoder.fresh(Self.ladder).transcode(all: maker.batches)
        #expect(joined.count == alone.bundles.count)
        let expected = try Played(alone.bundles).decoded("flac", .flac)
        let flac = try played.decoded("flac", .flac)
        #expect(flac.frameCount == expected.frameCount)
        #expect(flac.largestDifference(from: expected, in: 0..<expected.frameCount) < 1e-6)
        // What is stored is what was announced, through the change of workers.
        try check(store, joined)
        await bus.shutdown()
    }

    /// A store that refuses again and again loses nothing.
    @Test(.timeLimit(.minutes(20))) func storeOutageLosesNothing() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.aac(seconds: 4.2))
        maker.end()
        let bus = InProcessMessageBus()
        try await declare(bus)
        let store = MemoryStore(failures: 5)
        for batch in maker.batches { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        try await worker("a", bus.connect(), store: store).run()
        let (all, _) = try await bundles(bus) { _ in false }
        try check(store, all)
        // Segments first, then the index that names them.
        let order = store.order
        let firstIndex = try #require(order.firstIndex(of: "s/index.json"))
        #expect(order[..<firstIndex].contains("s/aac-128/1-0.m4s"))
        #expect(order[..<firstIndex].contains("s/flac/init-1.mp4"))
        await bus.shutdown()
    }

    /// Silence that waited in vain for the encoder is not part of the recording.
    @Test(.timeLimit(.minutes(20))) func silenceAtTheEndIsTrimmed() async throws {
        var maker = BatchMaker()
        try maker.push(try TestSource.aac(seconds: 3))
        maker.pause(milliseconds: 10_000)
        maker.end()
        let bus = InProcessMessageBus()
        try await declare(bus)
        let store = MemoryStore()
        for batch in maker.batches { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
        try await worker("a", bus.connect(), store: store).run()
        let bytes = try #require(store.objects["s/index.json"])
        let index = try RecordingIndex(decoding: bytes)
        #expect(index.isComplete)
        #expect(index.epochs.map(\.segmentCount) == [2])
        #expect(index.totalSamples == 2 * 92_160)
        await bus.shutdown()
    }

    private func check(_ store: MemoryStore, _ bundles: [MediaBundle]) throws {
        let names = try #require(bundles.first).setups.map(\.name)
        for (sequence, parts) in Dictionary(grouping: bundles, by: \.mediaSequence) {
            for (number, name) in names.enumerated() {
                var joined = ByteBuffer()
                for part in parts { joined.writeImmutableBuffer(part.parts[number].bytes) }
                #expect(store.objects["s/\(name)/1-\(sequence).m4s"] == joined)
            }
        }
        let index = try RecordingIndex(decoding: try #require(store.objects["s/index.json"]))
        #expect(index.isComplete)
        #expect(index.renditions.map(\.name) == names)
        #expect(index.epochs.count == 1)
        #expect(index.totalSamples == bundles.reduce(0) { $0 + Int64($1.durationSamples) })
        #expect(index.epochs.first?.dates.first?.dateMicroseconds == bundles[0].segmentDateMicroseconds)
    }
}
