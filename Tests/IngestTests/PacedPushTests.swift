import AudioTimeline
import DatabaseTesting
import Foundation
import Logging
import MessageBus
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
import Testing

@testable import Ingest

/// Bodies that come faster than they play, from peers that close at once: their sockets are read to the end at once too.
struct PacedPushTests {
    private static let holder = StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo")

    /// A file of `Fixtures/` that is sent several times, 2.5 s each.
    struct Body: Sendable, CustomTestStringConvertible {
        var name: String
        var contentType: String
        var testDescription: String { name }

        func bytes(times: Int) throws -> ByteBuffer {
            let file = URL(filePath: #filePath).resolvingSymlinksInPath()
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/audio").appending(path: name)
            let data = try Data(contentsOf: file)
            return ByteBuffer(bytes: (0..<times).flatMap { _ in data })
        }
    }

    static let bodies = [
        Body(name: "flv-aac-44100-stereo.flv", contentType: "video/x-flv"),
        Body(name: "flv-mp3-44100-stereo.flv", contentType: "video/x-flv"),
        Body(name: "ogg-opus-48000-stereo.opus", contentType: "audio/ogg"),
    ]

    @Test(.timeLimit(.minutes(3)), arguments: bodies)
    func aBodyIsHeldToRealTimeWhenItsPeerCloses(body: Body) async throws {
        try await IngestDatabase.with(.sqlite) { database in
            var settings = IngestSettings()
            settings.limits.leadNanoseconds = 1_000_000_000
            let bus = InProcessMessageBus()
            let metrics = IngestMetrics(MetricsRegistry())
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: settings, metrics: metrics,
                logger: Logger(label: "test"), relay: {})
            let ingest = IngestContext(
                admission: Admission(
                    keys: database.keys, streams: streams, metrics: metrics, logger: Logger(label: "test")),
                streams: streams, settings: settings, metrics: metrics, listeners: ListenerNumbers())
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let server = try await ServerBootstrap(group: group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let push = Push(
                            holder: Self.holder, origin: "test", streams: streams, logger: Logger(label: "test"),
                            onClose: { _ in })
                        let source = BodySource(
                            push: push, contentType: body.contentType, onRoom: {}, onOutcome: { _ in })
                        let handler = SourceHandler(
                            ingest: ingest, push: push, source: source, framing: .untilClose, greeting: nil,
                            surplus: ByteBuffer())
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            let address = try #require(server.localAddress)
            let start = MonotonicClock.now
            let client = try await ClientBootstrap(group: group).connect(to: address).get()
            try await client.writeAndFlush(try body.bytes(times: 3))
            try await client.close()

            var live: LiveStream?
            while live == nil {
                live = await streams.stream(ofChannel: "1")
                try await Task.sleep(for: .milliseconds(5))
            }
            let stream = try #require(live)
            var worst: Int64 = 0
            while stream.isPushed {
                worst = max(worst, stream.excessLead(now: MonotonicClock.now))
                try await Task.sleep(for: .milliseconds(10))
            }
            // What is taken in one piece may be above the lead, and on a busy machine the 64 packets that wait for the
            // stream to open: 1.7 s. Unpaced it would be all but 1 s of the 7.5 s.
            #expect(worst < 2_700_000_000, "\(worst / 1_000_000) ms too early")
            // 7.5 s, of which 1 s may come early, and some before the stream was open.
            #expect(MonotonicClock.now - start > 4_500_000_000)
            try await server.close()
            await streams.shutDown()
            await bus.shutdown()
            try await group.shutdownGracefully()
        }
    }
}
