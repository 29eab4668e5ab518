import Logging
import NIOCore
import NIOPosix
import Synchronization

@testable import HTTPService

/// A server on a free port for one test.
func withServer<Result>(
    _ responders: [any HTTPResponder], configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    metrics: (any HTTPServerMetrics)? = nil, _ body: (TestServer) async throws -> Result
) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = HTTPServer(
        host: "127.0.0.1", port: 0, group: group, responders: responders, configuration: configuration,
        metrics: metrics, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    let port = try await server.start()
    do {
        let result = try await body(TestServer(server: server, port: port, group: group))
        await server.shutdown()
        try await group.shutdownGracefully()
        return result
    } catch {
        await server.shutdown()
        try await group.shutdownGracefully()
        throw error
    }
}

struct TestServer {
    let server: HTTPServer
    let port: Int
    let group: MultiThreadedEventLoopGroup

    func connect(reads: Bool = true) async throws -> RawClient {
        let client = RawClient()
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_rcvbuf), value: reads ? 1 << 20 : 4096)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(client.receiver())
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        client.attach(channel)
        return client
    }

    /// One request on a connection of its own.
    func exchange(_ text: String) async throws -> String {
        let client = try await connect()
        try await client.send(text)
        return try await client.untilClosed()
    }
}

/// Sends and receives bytes as they are, and sees what a real peer would see.
final class RawClient: Sendable {
    private struct State {
        var received = ByteBuffer()
        var isClosed = false
        var channel: (any Channel)?
    }

    struct TimedOut: Error {
        let received: String
    }

    private let state = Mutex(State())

    func attach(_ channel: any Channel) {
        state.withLock { $0.channel = channel }
    }

    var channel: (any Channel)? { state.withLock { $0.channel } }

    func send(_ text: String) async throws {
        try await send(ByteBuffer(string: text))
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await channel?.writeAndFlush(bytes).get()
    }

    func closeOutput() async throws { try await channel?.close(mode: .output).get() }
    func close() async throws { try await channel?.close().get() }

    var bytes: ByteBuffer { state.withLock { $0.received } }
    var received: String { state.withLock { String(buffer: $0.received) } }
    var receivedCount: Int { state.withLock { $0.received.readableBytes } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Waits until what came fulfils the condition.
    @discardableResult
    func wait(_ condition: @Sendable (String) -> Bool) async throws -> String {
        for _ in 0..<5000 {
            let text = received
            if condition(text) { return text }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw TimedOut(received: received)
    }

    @discardableResult
    func wait(for text: String) async throws -> String {
        try await wait { $0.contains(text) }
    }

    /// Waits for the server's end of the connection.
    func untilClosed() async throws -> String {
        for _ in 0..<5000 {
            if isClosed { return received }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw TimedOut(received: received)
    }

    fileprivate func add(_ bytes: ByteBuffer) { state.withLock { _ = $0.received.writeImmutableBuffer(bytes) } }
    fileprivate func end() { state.withLock { $0.isClosed = true } }
    fileprivate func receiver() -> Receiver { Receiver(client: self) }

    fileprivate final class Receiver: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let client: RawClient

        init(client: RawClient) {
            self.client = client
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { client.add(unwrapInboundIn(data)) }
        func channelInactive(context: ChannelHandlerContext) { client.end() }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .some(.inputClosed) = event as? ChannelEvent { client.end() }
        }
    }
}

/// Short times for tests of what happens when they run out.
extension HTTPServerConfiguration {
    static var quick: HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration()
        configuration.lingerTimeout = .milliseconds(100)
        return configuration
    }
}
