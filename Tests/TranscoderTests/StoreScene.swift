import AudioTimeline
import Logging
import MessageBus
import NIOCore
import SegmentStore
import Synchronization
import Telemetry
import Testing

@testable import Transcoder

/// One stream, its queue and its log, and workers that write to stores.
struct StoreScene {
    let bus = InProcessMessageBus()
    let metrics = MetricsRegistry()
    let log = RecordedLog()
    let ladder = "aac:64,opus:96,flac"

    func declare(_ options: LogOptions = Topology.mediaOptionsOfRemoteStore) async throws {
        try await bus.declareQueue(Topology.source("s"), Topology.sourceOptions)
        try await bus.declareLog(Topology.media("s"), options)
    }

    /// Some audio and the end of the stream, or not yet that.
    func publish(_ source: TestSource) async throws {
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        for batch in maker.batches { try await bus.publish(batch.encoded(), to: Topology.source("s")) }
    }

    func worker(
        _ name: String, store: any SegmentStore, bus: InProcessMessageBus? = nil,
        job: TranscodeJob = TranscodeJob(stream: "s", channel: "c"), rules: RecordingRules = RecordingRules()
    ) throws -> StreamWorker {
        StreamWorker(
            job: job, bus: bus ?? self.bus.connect(), store: store,
            rules: rules, ladder: try Ladder(parsing: ladder), threads: CodecThreads(count: 1), worker: name,
            metrics: TranscoderMetrics(metrics), late: LateStreams(TranscoderMetrics(metrics)), logger: log.logger)
    }

    func writer(generation: UInt32, store: any SegmentStore) -> StoreWriter {
        let metrics = TranscoderMetrics(metrics)
        return StoreWriter(
            stream: "s", generation: generation, keeping: RecordingIndex.Keeping(), windowSamples: .max, bus: bus,
            uploads: StoreUploads(store: store, metrics: metrics, logger: log.logger), metrics: metrics,
            logger: log.logger)
    }

    /// All that the log has when the stream is over.
    func bundles() async throws -> [MediaBundle] {
        let reader = try await bus.read(Topology.media("s"), from: .first)
        var filter = MediaLogFilter()
        var bundles: [MediaBundle] = []
        reading: while let reading = try await reader.next() {
            guard case .entry(let entry) = reading else { continue }
            switch filter.accept(try MediaLogEntry(decoding: entry.payload)) {
            case .bundle(let bundle): bundles.append(bundle)
            case .end: break reading
            case .fence, nil: break
            }
        }
        await reader.close()
        return bundles
    }

    /// What the store has is what the log announced, byte for byte, and the index tells just that.
    func check(_ store: any SegmentStore, has bundles: [MediaBundle]) async throws {
        let index = try await index(store)
        #expect(index.isComplete)
        let names = try #require(bundles.first).setups.map(\.name)
        #expect(index.renditions.map(\.name) == names)
        var sequences: [UInt64] = []
        for epoch in index.epochs { sequences += epoch.firstMediaSequence..<epoch.nextMediaSequence }
        let announced = Dictionary(grouping: bundles, by: \.mediaSequence)
        #expect(sequences == announced.keys.sorted())
        for (sequence, parts) in announced {
            for (number, name) in names.enumerated() {
                var joined = ByteBuffer()
                for part in parts { joined.writeImmutableBuffer(part.parts[number].bytes) }
                let key = SegmentKey.object(
                    stream: "s", rendition: name, name: SegmentKey.segment(epoch: 1, mediaSequence: sequence))
                #expect(try await store.get(key) == joined, "\(key)")
            }
        }
        for name in names {
            #expect(
                try await store.get("s/\(name)/init-1.mp4")
                    == bundles[0].setups.first { $0.name == name }?.initialization)
        }
        #expect(index.totalSamples == bundles.reduce(0) { $0 + Int64($1.durationSamples) })
    }

    func index(_ store: any SegmentStore) async throws -> RecordingIndex {
        try RecordingIndex(decoding: try #require(try await store.get("s/index.json")))
    }
}

/// Log lines as they would be written.
final class RecordedLog: Sendable {
    private let lines = Mutex<[(level: Logger.Level, text: String)]>([])

    var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    func count(_ level: Logger.Level, containing text: String) -> Int {
        lines.withLock { lines in lines.count { $0.level == level && $0.text.contains(text) } }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let text = "\(event.message) \(event.metadata ?? [:])"
            log.lines.withLock { $0.append((event.level, text)) }
        }
    }
}
