import MessageBus
import NIOCore
import NIOPosix
import Synchronization

/// Stands between a client and the broker, on a port of its own. Frozen, it is to the broker what a stopped process is:
/// the connection stands and says nothing. Cut, it is what a killed one is.
final class TestProxy: Sendable {
    private struct State {
        var channels: [any Channel] = []
        var isFrozen = false
    }

    private let state = Mutex(State())
    private let target: Int
    private let listener = Mutex<(any Channel)?>(nil)

    init(to port: UInt16) async throws {
        target = Int(port)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { [self] channel in connect(channel) }
            .bind(host: "127.0.0.1", port: 0).get()
        listener.withLock { $0 = channel }
    }

    /// The broker's URL, with this proxy in place of the broker.
    func url(of broker: TestBroker) throws -> String {
        let port = listener.withLock { $0?.localAddress?.port } ?? 0
        return broker.url.replacing(":\(try broker.port)/", with: ":\(port)/")
    }

    func setFrozen(_ isFrozen: Bool) async throws {
        let channels = state.withLock { state in
            state.isFrozen = isFrozen
            return state.channels
        }
        for channel in channels {
            do {
                try await channel.setOption(.autoRead, value: !isFrozen).get()
            } catch ChannelError.ioOnClosedChannel {
                // A connection that has ended meanwhile.
            }
        }
    }

    /// Ends every connection. New ones go through.
    func cut() {
        let channels = state.withLock { state in
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func close() async throws {
        cut()
        try await listener.withLock { $0 }?.close()
    }

    private func connect(_ client: any Channel) -> EventLoopFuture<Void> {
        ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelInitializer { broker in
                broker.eventLoop.makeCompletedFuture {
                    try broker.pipeline.syncOperations.addHandler(Relay(to: client))
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .flatMap { [self] broker in
                client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandler(Relay(to: broker))
                }
                .flatMap { [self] in
                    let isFrozen = state.withLock { state in
                        state.channels += [client, broker]
                        return state.isFrozen
                    }
                    return client.setOption(.autoRead, value: !isFrozen)
                        .and(broker.setOption(.autoRead, value: !isFrozen)).map { _ in }
                }
            }
    }
}

private final class Relay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) {
        self.other = other
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        other.close(promise: nil)
    }
}
