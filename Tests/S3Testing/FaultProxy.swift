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
    }

    public let port: Int
    private let target: String
    private let state: Mutex<State>
    private let serving: Task<Void, any Error>

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// - Parameter target: address of the service.
    public static func start(before target: String) async throws -> FaultProxy {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return FaultProxy(listener, target)
    }

    private init(_ listener: NIOAsyncChannel<Connection, Never>, _ target: String) {
        port = listener.channel.localAddress?.port ?? 0
        self.target = target
        let exchange = Exchanges()
        serving = Task {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        // A connection that breaks is what is wanted here.
                        group.addTask { try? await exchange.serve(connection) }
                    }
                }
            }
        }
        state = Mutex(State())
        exchange.proxy.withLock { $0 = self }
    }

    public var endpoint: String { "http://127.0.0.1:\(port)" }

    /// From now on `rule` says what happens to a request; nil passes it on.
    public func fail(_ rule: @escaping @Sendable (Call) -> Fault?) { state.withLock { $0.rule = rule } }

    public var calls: [Call] { state.withLock { $0.calls } }

    /// How many requests were under way at the same time, at most.
    public var mostRunning: Int { state.withLock { $0.mostRunning } }

    public func stop() async {
        serving.cancel()
        _ = try? await serving.value
    }

    fileprivate func arrived(_ head: HTTPRequestHead, _ body: ByteBuffer) -> Fault? {
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

    fileprivate func left() { state.withLock { $0.running -= 1 } }

    fileprivate func pass(_ head: HTTPRequestHead, _ body: ByteBuffer) async throws -> (HTTPResponseHead, ByteBuffer) {
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

/// Serves connections for a proxy that is not yet made when the first could come.
private final class Exchanges: Sendable {
    let proxy = Mutex<FaultProxy?>(nil)

    func serve(_ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var head: HTTPRequestHead?
            var body = ByteBuffer()
            for try await part in inbound {
                switch part {
                case .head(let next):
                    head = next
                    body.clear()
                case .body(var bytes): body.writeBuffer(&bytes)
                case .end:
                    guard let head, let proxy = proxy.withLock({ $0 }) else { return }
                    let fault = proxy.arrived(head, body)
                    defer { proxy.left() }
                    guard try await answer(head, body, fault, proxy, outbound) else { return }
                }
            }
        }
    }

    /// - Returns: whether the connection goes on.
    private func answer(
        _ head: HTTPRequestHead, _ body: ByteBuffer, _ fault: FaultProxy.Fault?, _ proxy: FaultProxy,
        _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws -> Bool {
        switch fault {
        case .hang:
            try await Task.sleep(for: .seconds(3600))
            return false
        case .cut: return false
        case .loseAnswer:
            _ = try await proxy.pass(head, body)
            return false
        case .answer(let status, let text, let fields):
            var answer = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
            for field in fields { answer.headers.add(name: field.0, value: field.1) }
            answer.headers.add(name: "content-length", value: String(text.utf8.count))
            try await outbound.write(.head(answer))
            try await outbound.write(.body(.byteBuffer(ByteBuffer(string: text))))
            try await outbound.write(.end(nil))
            return true
        case .cutBody:
            var (answer, bytes) = try await proxy.pass(head, body)
            answer.headers.replaceOrAdd(name: "content-length", value: String(bytes.readableBytes + 100))
            bytes.moveWriterIndex(to: bytes.readerIndex + bytes.readableBytes / 2)
            try await outbound.write(.head(answer))
            try await outbound.write(.body(.byteBuffer(bytes)))
            return false
        case nil:
            let (answer, bytes) = try await proxy.pass(head, body)
            try await outbound.write(.head(answer))
            try await outbound.write(.body(.byteBuffer(bytes)))
            try await outbound.write(.end(nil))
            return true
        }
    }
}
