import NIOCore

/// Lets one port take both: a connection whose first byte is that of a TLS handshake (RFC 8446 §5.1) is secured, any
/// other goes on as it is. No request begins with that byte.
final class TLSDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let handshake: UInt8 = 0x16
    private let identity: TLSIdentity

    init(identity: TLSIdentity) {
        self.identity = identity
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let first = unwrapInboundIn(data).readableBytesView.first else { return }
        if first == Self.handshake {
            do {
                try context.pipeline.syncOperations.addHandler(identity.handler(), position: .after(self))
            } catch {
                context.fireErrorCaught(error)
                context.close(promise: nil)
                return
            }
        }
        context.fireChannelRead(data)
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }
}
