import AudioTimeline
import DatabaseTesting
import Foundation
import Logging
import MessageBus
import NIOCore
import Synchronization
import Telemetry
import Testing

@testable import Ingest

struct PushTests {
    private static let good = CodecConfiguration(codec: .mp3, sampleRate: 48_000, channels: 2)
    /// An AudioSpecificConfig that cannot be read.
    private static let bad = CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 2, setup: [0])
    private static let frame = ByteBuffer(bytes: [0xFF, 0xFB, 0x94, 0x00] + [UInt8](repeating: 0, count: 380))
    private static let holder = StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo")

    /// Live streams on a database and a bus of their own.
    private func withStreams(
        _ engine: DatabaseEngine, settings: IngestSettings = IngestSettings(),
        _ body: (LiveStreams) async throws -> Void
    ) async throws {
        try await IngestDatabase.with(engine) { database in
            let bus = InProcessMessageBus()
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: settings,
                metrics: IngestMetrics(MetricsRegistry()), logger: Logger(label: "test"), relay: {})
            try await body(streams)
            await streams.shutDown()
            await bus.shutdown()
        }
    }

    /// The channel's stream, once it is open and the push has taken it over, which is one step of the actor.
    private func stream(of streams: LiveStreams) async throws -> LiveStream? {
        for _ in 0..<500 {
            if let stream = await streams.stream(ofChannel: "1") { return stream }
            try await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }

    /// The encoder says goodbye here in the moment in which another server takes the stream: nobody may tell the workers
    /// that it is over, and its queue stays.
    @Test(arguments: DatabaseEngine.all)
    func anEndThatComesTooLateIsNotTold(engine: DatabaseEngine) async throws {
        try await IngestDatabase.with(engine) { database in
            let bus = InProcessMessageBus()
            var settings = IngestSettings()
            settings.linger = .zero
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: settings,
                metrics: IngestMetrics(MetricsRegistry()), logger: Logger(label: "test"), relay: {})
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { _ in })
            push.configured(Self.good)
            for number in 0..<40 {
                push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: Int64(number) * 24_000_000))
            }
            let stream = try #require(try await stream(of: streams))
            let taken = try await database.rows(owner: "there").acquire(
                Self.holder, ladder: .standard, id: "unused", lease: .seconds(10))
            #expect(taken.id == stream.id && taken.epoch == 2)
            push.ended()
            while await streams.stream(ofChannel: "1") != nil { try await Task.sleep(for: .milliseconds(10)) }
            let there = try await database.rows(owner: "there").live()
            #expect(there.map(\.epoch) == [2])
            let consumer = try await bus.consume(Topology.source(stream.id), prefetch: 1_000)
            try await bus.publish(ByteBuffer(string: "last"), to: Topology.source(stream.id))
            var batches = 0
            while let delivery = try await consumer.next(), delivery.payload != ByteBuffer(string: "last") {
                let batch = try SourceBatch(decoding: delivery.payload)
                #expect(!batch.items.contains { if case .end = $0 { true } else { false } })
                batches += 1
            }
            #expect(batches > 0)
            await streams.shutDown()
            await bus.shutdown()
        }
    }

    /// A push that the server closes in mid-stream leaves a stream that waits for the next one, and so can end.
    @Test(arguments: DatabaseEngine.all)
    func aClosedPushLetsGoOfItsStream(engine: DatabaseEngine) async throws {
        try await withStreams(engine) { streams in
            let closures = ClosureList()
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { closures.add($0) })
            push.configured(Self.good)
            push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: 0))
            let stream = try #require(try await stream(of: streams))
            #expect(stream.isPushed)
            push.configured(Self.bad)
            #expect(closures.all.count == 1)
            #expect(!stream.isPushed)
            #expect(!stream.hasEnded)
        }
    }

    /// Nothing of it can be decoded: it is refused with the reason, and the channel was never on the air.
    @Test func whatNobodyCouldHearIsNeverOnTheAir() async throws {
        try await withStreams(.sqlite) { streams in
            let closures = ClosureList()
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { closures.add($0) })
            push.configured(CodecConfiguration(codec: .aac, sampleRate: 48_000, channels: 2, setup: [0x11, 0x90]))
            for _ in 0..<200 { push.packet(ByteBuffer(bytes: [0x20, 1]), timestamp: nil) }
            for _ in 0..<500 where closures.all.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            guard case .refused(.unsupported(let reason))? = closures.all.first else {
                Issue.record("\(closures.all)")
                return
            }
            #expect(reason.hasPrefix("The audio (aac) cannot be decoded: "))
            #expect(closures.all.count == 1)
            #expect(await streams.stream(ofChannel: "1") == nil)
        }
    }

    /// Whoever feeds as fast as it may is stopped by the packets that wait, while the stream takes them, and by the lead:
    /// at no moment does nobody count.
    @Test(arguments: 0..<10) func aPushIsPacedWhileItsStreamTakesOver(round: Int) async throws {
        var settings = IngestSettings()
        settings.limits.leadNanoseconds = 1_000_000_000
        try await withStreams(.sqlite, settings: settings) { streams in
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { _ in })
            let begin = MonotonicClock.now
            let (fed, elapsed): (Int64, Int64) = await withCheckedContinuation { done in
                Thread.detachNewThread {
                    push.configured(Self.good)
                    var fed: Int64 = 0
                    while MonotonicClock.now - begin < 300_000_000 || fed < 20 {
                        guard push.excessLead <= 0 else { continue }
                        push.packet(Self.frame, timestamp: nil)
                        fed += 1
                    }
                    done.resume(returning: (fed, MonotonicClock.now - begin))
                }
            }
            _ = try #require(try await stream(of: streams))
            // The lead, the lump that a live source may have recorded before it connected, and the time that passed.
            let due = (1_000_000_000 + 1_500_000_000 + elapsed) / 24_000_000
            #expect(fed <= due + 2, "\(fed) packets")
            push.ended()
        }
    }

    /// A rate that cannot be played is refused by its number before any packet comes.
    @Test(arguments: [1, 500_000, 655_350]) func impossibleRatesAreRefusedAtOnce(rate: Int) async throws {
        try await withStreams(.sqlite) { streams in
            let closures = ClosureList()
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { closures.add($0) })
            push.configured(CodecConfiguration(codec: .flac, sampleRate: rate, channels: 2))
            #expect(closures.all == [.refused(.unsupportedRate(rate))])
            #expect(closures.all.first?.sentence.contains("\(rate)") == true)
        }
    }

    /// So does one that is closed before its stream is open.
    @Test(arguments: DatabaseEngine.all)
    func aPushClosedBeforeItIsAttachedHoldsNothing(engine: DatabaseEngine) async throws {
        try await withStreams(engine) { streams in
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"), onClose: { _ in })
            push.configured(Self.good)
            push.packet(Self.frame, timestamp: MediaTimestamp(nanoseconds: 0))
            push.close(.keyRevoked)
            // The stream may have been asked for before, or not yet.
            try await streams.attach(push)
            let stream = try #require(try await stream(of: streams))
            #expect(!stream.isPushed)
        }
    }
}

private final class ClosureList: Sendable {
    private let closures = Mutex<[PushClosure]>([])

    var all: [PushClosure] { closures.withLock { $0 } }

    func add(_ closure: PushClosure) { closures.withLock { $0.append(closure) } }
}
