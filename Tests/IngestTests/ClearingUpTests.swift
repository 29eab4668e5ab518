import AudioTimeline
import DatabaseTesting
import Logging
import MessageBus
import NIOCore
import Telemetry
import Testing

@testable import Ingest

/// What a stream that is over leaves behind goes when nobody needs it any more.
@Suite(.timeLimit(.minutes(20))) struct ClearingUpTests {
    /// Neither can a recording be completed while the broker is away, nor would Ingest hear of it: that time does not
    /// count. And what the broker lost of the stream's end comes again.
    @Test func anEndIsNotLostWhileTheBrokerIsAway() async throws {
        try await IngestDatabase.with(.sqlite) { test in
            let bus = AbsentBus()
            var settings = IngestSettings()
            (settings.linger, settings.mediaLog.minimumAge) = (.zero, .seconds(8))
            let streams = LiveStreams(
                rows: test.rows(owner: "here"), bus: bus, settings: settings,
                metrics: IngestMetrics(MetricsRegistry()), logger: Logger(label: "test"), relay: {})
            let push = Push(
                holder: StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo"), origin: "test",
                streams: streams, logger: Logger(label: "test"), onClose: { _ in })
            push.configured(CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 2))
            let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x94, 0x00] + [UInt8](repeating: 0, count: 380))
            for number in 0..<40 {
                push.packet(frame, timestamp: MediaTimestamp(nanoseconds: Int64(number) * 24_000_000))
            }
            while await streams.stream(ofChannel: "1") == nil { try await Task.sleep(for: .milliseconds(10)) }
            let id = try #require(await streams.stream(ofChannel: "1")?.id)
            push.ended()
            try await ends(id, on: bus)

            bus.goAway()
            try await bus.bus.deleteQueue(Topology.source(id))
            try await Task.sleep(for: settings.mediaLog.minimumAge + .seconds(2))
            await #expect(throws: Never.self) { try await bus.bus.read(Topology.media(id), from: .first).close() }
            bus.comeBack()
            try await ends(id, on: bus)
            await #expect(throws: BusError.noSuchLog(Topology.media(id))) {
                while true {
                    try await bus.bus.read(Topology.media(id), from: .first).close()
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            await streams.shutDown()
            await bus.shutdown()
        }
    }

    /// Waits until the source's queue has the end of the stream.
    private func ends(_ stream: String, on bus: AbsentBus) async throws {
        while true {
            do {
                let consumer = try await bus.bus.consume(Topology.source(stream), prefetch: 1000)
                while let delivery = try await consumer.next() {
                    let batch = try SourceBatch(decoding: delivery.payload)
                    consumer.acknowledge(delivery.tag)
                    if case .end? = batch.items.last { return await consumer.close() }
                }
            } catch BusError.noSuchQueue {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
