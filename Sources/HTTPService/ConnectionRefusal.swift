import NIOCore

/// Tells the peer of a connection that has no place why, in HTTP, and closes it.
final class ConnectionRefusal: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: ByteBuffer

    /// To close at once could reset the connection before the peer has read the answer.
    private static let lingering = TimeAmount.milliseconds(250)

    init(_ limit: ConnectionLimit) {
        answer = limit == .address ? Self.address : Self.listener
    }

    private static let address = encoded("There are too many connections from your address.")
    private static let listener = encoded("The server has as many connections as it may have.")

    private static func encoded(_ detail: String) -> ByteBuffer {
        let response = HTTPResponse.problem(.serviceUnavailable, detail: detail, fields: [.retryAfter(seconds: 5)])
        var text = ByteBuffer()
        let (body, _) = response.write(into: &text, for: nil, dateLine: ByteBuffer(), keepsAlive: false)
        text.writeImmutableBuffer(body)
        return text
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What the peer asks is not looked at.
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The peer has seen our end, or does not wait for it.
        if case .some(.inputClosed) = event as? ChannelEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
