public import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and a server, on a port of its own, and does to their connections what a bad network does.
///
/// Frozen, it is to the server what a stopped process is: connections stand and say nothing. Cut, it is what a killed
/// one is. Bytes can also come late, or few at a time.
public final class TCPProxy: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isFrozen = false
        var isClosed = false
        var delay = TimeAmount.zero
        var bytesPerSecond: Int?
    }

    private let target: Int
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)

    /// Listens on 127.0.0.1.
    /// - Parameter port: of the server, on 127.0.0.1.
    public init(to port: Int) async throws {
        target = port
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { [self] channel in connect(channel) }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    /// The port that clients connect to.
    public var port: Int { listener.withLock { $0?.localAddress?.port } ?? 0 }

    /// Nothing passes, and nothing is closed, until it thaws. New connections are taken, and hang too.
    public func setFrozen(_ isFrozen: Bool) async throws {
        let channels = state.withLock { state in
            state.isFrozen = isFrozen
            return Array(state.channels.values)
        }
        for channel in channels {
            do {
                try await channel.setOption(.autoRead, value: !isFrozen).get()
            } catch ChannelError.ioOnClosedChannel {
                // A connection that has ended meanwhile.
            }
        }
    }

    /// From now on everything comes so much later.
    public func setDelay(_ delay: TimeAmount) { state.withLock { $0.delay = delay } }

    /// From now on no more bytes pass in a second, each way of each connection; nil for any number.
    public func setBytesPerSecond(_ bytes: Int?) { state.withLock { $0.bytesPerSecond = bytes } }

    /// Ends every connection. New ones go through.
    public func cut() {
        let channels = state.withLock { state in
            defer { state.channels = [:] }
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    /// Ends every connection, and each new one at once, until it is opened again.
    public func setClosed(_ isClosed: Bool) {
        state.withLock { $0.isClosed = isClosed }
        if isClosed { cut() }
    }

    public func close() async throws {
        cut()
        try await listener.withLock { $0 }?.close()
    }

    private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
        guard !state.withLock({ $0.isClosed }) else { return client.eventLoop.makeFailedFuture(ChannelError.eof) }
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { [self] server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(Relay(to: client, self))
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .flatMap { [self] server in
                client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandler(Relay(to: server, self))
                }
                .flatMap { [self] in
                    let isFrozen = state.withLock { state in
                        for channel in [client, server] { state.channels[ObjectIdentifier(channel)] = channel }
                        return state.isFrozen
                    }
                    return client.setOption(.autoRead, value: !isFrozen)
                        .and(server.setOption(.autoRead, value: !isFrozen)).map { _ in }
                }
            }
    }

    fileprivate var manners: (delay: TimeAmount, bytesPerSecond: Int?, isFrozen: Bool) {
        state.withLock { ($0.delay, $0.bytesPerSecond, $0.isFrozen) }
    }

    fileprivate func ended(_ channel: any Channel) {
        state.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
    }
}

private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let proxy: TCPProxy

    init(to other: any Channel, _ proxy: TCPProxy) {
        self.other = other
        self.proxy = proxy
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        let (delay, bytesPerSecond, _) = proxy.manners
        if let bytesPerSecond {
            // Both ends are on one loop, which reads on when so much would have passed.
            let pause = TimeAmount.nanoseconds(
                Int64(bytes.readableBytes) * 1_000_000_000 / Int64(max(1, bytesPerSecond)))
            let (channel, proxy) = (context.channel, proxy)
            _ = channel.setOption(.autoRead, value: false)
            channel.eventLoop.scheduleTask(in: pause) {
                if !proxy.manners.isFrozen { _ = channel.setOption(.autoRead, value: true) }
            }
        }
        guard delay > .zero else { return other.writeAndFlush(bytes, promise: nil) }
        let other = other
        context.eventLoop.scheduleTask(in: delay) { other.writeAndFlush(bytes, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        proxy.ended(context.channel)
        other.close(promise: nil)
    }
}
