import AsyncHTTPClient
public import NIOCore
public import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP proxy in front of a service, which does to requests what a bad day does.
public final class FaultProxy: Sendable {
    public enum Fault: Sendable {
        /// Answers by itself.
        case answer(Int, body: String = "", fields: [(String, String)] = [])
        /// Takes the request and says nothing.
        case hang
        /// Closes the connection instead of an answer.
        case cut
        /// Closes the connection in the middle of the answer's body.
        case cutBody
        /// Passes the request on, and closes the connection instead of the answer.
        case loseAnswer
    }

    public struct Call: Sendable {
        /// From 0.
        public var number: Int
        public var method: String
        public var uri: String
        public var fields: HTTPHeaders
        public var body: ByteBuffer
        public var arrival: ContinuousClock.Instant
    }

    private struct State {
        var calls: [Call] = []
        var running = 0
        var mostRunning = 0
        var rule: @Sendable (Call) -> Fault? = { _ in nil }
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopped = false
    }

    private let target: String
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)

    private init(target: String) { self.target = target }

    /// - Parameter target: address of the service.
    public static func start(before target: String) async throws -> FaultProxy {
        let proxy = FaultProxy(target: target)
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(FaultHandler(proxy))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        proxy.listener.withLock { $0 = channel }
        return proxy
    }

    public var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }

    public var endpoint: String { "http://127.0.0.1:\(port)" }

    /// From now on `rule` says what happens to a request; nil passes it on.
    public func fail(_ rule: @escaping @Sendable (Call) -> Fault?) { state.withLock { $0.rule = rule } }

    public var calls: [Call] { state.withLock { $0.calls } }

    /// How many requests were under way at the same time, at most.
    public var mostRunning: Int { state.withLock { $0.mostRunning } }

    /// Closes its port and every connection.
    public func stop() async {
        // Closed already is what is wanted.
        try? await listener.withLock { $0 }?.close()
        let connections = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        for connection in connections { try? await connection.close() }
    }

    fileprivate func opened(_ channel: any Channel) {
        let isStopped = state.withLock { state in
            state.connections[ObjectIdentifier(channel)] = channel
            return state.isStopped
        }
        if isStopped { channel.close(promise: nil) }
    }

    fileprivate func closed(_ channel: any Channel) {
        state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
    }

    /// Answers one request, or does what the rule says.
    fileprivate func serve(_ head: HTTPRequestHead, _ body: ByteBuffer, on channel: any Channel) async {
        let fault = arrived(head, body)
        // A request that hangs is under way until its connection is closed.
        if case .hang? = fault { return }
        // Where the service behind does not answer, this one does not either.
        let answer = try? await answer(head, body, fault)
        // Before its client can know: what it asks next is not under way beside this one.
        state.withLock { $0.running -= 1 }
        do {
            guard let answer else { return try await channel.close() }
            try await channel.writeAndFlush(HTTPServerResponsePart.head(answer.head))
            try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(answer.body)))
            if answer.isWhole {
                try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
            } else {
                try await channel.close()
            }
        } catch {
            // Its client is gone.
            channel.close(promise: nil)
        }
    }

    private typealias Answer = (head: HTTPResponseHead, body: ByteBuffer, isWhole: Bool)

    /// - Returns: nil for no answer at all.
    private func answer(_ head: HTTPRequestHead, _ body: ByteBuffer, _ fault: Fault?) async throws -> Answer? {
        switch fault {
        case .cut, .hang: return nil
        case .loseAnswer:
            _ = try await pass(head, body)
            return nil
        case .answer(let status, let text, let fields):
            var answer = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
            for field in fields { answer.headers.add(name: field.0, value: field.1) }
            answer.headers.add(name: "content-length", value: String(text.utf8.count))
            return (answer, ByteBuffer(string: text), true)
        case .cutBody:
            var (answer, bytes) = try await pass(head, body)
            answer.headers.replaceOrAdd(name: "content-length", value: String(bytes.readableBytes + 100))
            bytes.moveWriterIndex(to: bytes.readerIndex + bytes.readableBytes / 2)
            return (answer, bytes, false)
        case nil:
            let (answer, bytes) = try await pass(head, body)
            return (answer, bytes, true)
        }
    }

    private func arrived(_ head: HTTPRequestHead, _ body: ByteBuffer) -> Fault? {
        let (call, rule) = state.withLock { state in
            let call = Call(
                number: state.calls.count, method: head.method.rawValue, uri: head.uri, fields: head.headers,
                body: body, arrival: .now)
            state.calls.append(call)
            state.running += 1
            state.mostRunning = max(state.mostRunning, state.running)
            return (call, state.rule)
        }
        return rule(call)
    }

    private func pass(_ head: HTTPRequestHead, _ body: ByteBuffer) async throws -> (HTTPResponseHead, ByteBuffer) {
        var request = HTTPClientRequest(url: target + head.uri)
        request.method = head.method
        request.headers = head.headers
        request.headers.remove(name: "content-length")
        if head.method == .PUT || head.method == .POST { request.body = .bytes(body) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 64 << 20)
        var fields = response.headers
        fields.replaceOrAdd(name: "content-length", value: String(answer.readableBytes))
        fields.remove(name: "transfer-encoding")
        return (HTTPResponseHead(version: .http1_1, status: response.status, headers: fields), answer)
    }
}

/// Collects requests of one connection.
private final class FaultHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let proxy: FaultProxy
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(_ proxy: FaultProxy) { self.proxy = proxy }

    func channelActive(context: ChannelHandlerContext) { proxy.opened(context.channel) }

    func channelInactive(context: ChannelHandlerContext) { proxy.closed(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let next):
            head = next
            body.clear()
        case .body(var bytes): body.writeBuffer(&bytes)
        case .end:
            guard let head else { return }
            let (proxy, channel, body) = (proxy, context.channel, body)
            Task { await proxy.serve(head, body, on: channel) }
        }
    }
}
