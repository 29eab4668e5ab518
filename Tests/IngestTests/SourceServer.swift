import DatabaseTesting
import Logging
import MessageBus
import NIOCore
import NIOPosix
import Synchronization
import Telemetry

@testable import Ingest

/// Takes bodies of pushes without heads in front, each connection one of the channel 1.
struct SourceServer {
    let streams: LiveStreams
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel

    private static let holder = StreamKeyHolder(keyID: "1", channelID: "1", channelName: "demo")

    func connect() async throws -> any Channel {
        guard let address = channel.localAddress else { throw ChannelError.unknownLocalAddress }
        return try await ClientBootstrap(group: group).connect(to: address).get()
    }

    /// Sends bytes, and gives what was answered when the server has closed.
    func answer(to bytes: ByteBuffer) async throws -> String {
        let client = try await connect()
        let collector = Collector()
        try await client.pipeline.addHandler(collector).get()
        try await client.writeAndFlush(bytes)
        try await client.closeFuture.get()
        return collector.text
    }

    static func run(
        _ settings: IngestSettings, contentType: String, _ body: (SourceServer) async throws -> Void
    ) async throws {
        try await IngestDatabase.with(.sqlite) { database in
            let bus = InProcessMessageBus()
            let metrics = IngestMetrics(MetricsRegistry())
            let logger = Logger(label: "test")
            let streams = LiveStreams(
                rows: database.rows(owner: "here"), bus: bus, settings: settings, metrics: metrics, logger: logger,
                relay: {})
            let ingest = IngestContext(
                admission: Admission(keys: database.keys, streams: streams, metrics: metrics, logger: logger),
                streams: streams, settings: settings, metrics: metrics, listeners: ListenerNumbers(), ports: OpenPorts()
            )
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let channel = try await ServerBootstrap(group: group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let push = Push(
                            holder: holder, origin: "test", streams: streams, logger: logger, onClose: { _ in })
                        let source = BodySource(
                            push: push, contentType: contentType, onRoom: {}, onOutcome: { _ in })
                        let handler = SourceHandler(
                            ingest: ingest, push: push, source: source, framing: .untilClose, greeting: nil,
                            surplus: ByteBuffer())
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
            try await body(SourceServer(streams: streams, group: group, channel: channel))
            try await channel.close()
            await streams.shutDown()
            await bus.shutdown()
            try await group.shutdownGracefully()
        }
    }
}

private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let received = Mutex(ByteBuffer())

    var text: String { received.withLock { String(buffer: $0) } }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        received.withLock { _ = $0.writeImmutableBuffer(bytes) }
    }
}
