import AudioTimeline
import DatabaseTesting
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
        _ engine: DatabaseEngine, _ body: (LiveStreams) async throws -> Void
    ) async throws {
        try await IngestDatabase.with(engine) { database in
            let bus = InProcessMessageBus()
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: IngestSettings(),
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

    /// A push that the server closes in mid-stream leaves a stream that waits for the next one, and so can end.
    @Test(arguments: DatabaseEngine.all)
    func aClosedPushLetsGoOfItsStream(engine: DatabaseEngine) async throws {
        try await withStreams(engine) { streams in
            let closures = ClosureList()
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                onClose: { closures.add($0) })
            push.configured(Self.good)
            push.packet(Self.frame, timestamp: 0)
            let stream = try #require(try await stream(of: streams))
            #expect(stream.isPushed)
            push.configured(Self.bad)
            #expect(closures.all.count == 1)
            #expect(!stream.isPushed)
            #expect(!stream.hasEnded)
        }
    }

    /// So does one that is closed before its stream is open.
    @Test(arguments: DatabaseEngine.all)
    func aPushClosedBeforeItIsAttachedHoldsNothing(engine: DatabaseEngine) async throws {
        try await withStreams(engine) { streams in
            let push = Push(
                holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"), onClose: { _ in })
            push.configured(Self.good)
            push.packet(Self.frame, timestamp: 0)
            push.close(.keyRevoked)
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
