import NIOCore
import RTMP

/// Speaks RTMP with an encoder at a port of another protocol just until it can be refused: encoders show nothing but the
/// answer to their publish.
final class MisdirectedRTMPHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let patience = TimeAmount.seconds(10)
    /// Encoders show a refusal only if it reaches them before the close.
    private static let lingering = TimeAmount.seconds(1)

    private let sentence: String
    private var surplus: ByteBuffer
    private var session = RTMPServerSession()
    private var isClosing = false

    /// - Parameter surplus: what came before this handler.
    init(sentence: String, surplus: ByteBuffer) {
        self.sentence = sentence
        self.surplus = surplus
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.patience) { loopBound.value.close(promise: nil) }
        receive(&surplus, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        receive(&bytes, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func receive(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        var events: [RTMPEvent] = []
        do {
            try session.receive(&bytes, into: &events)
        } catch {
            isClosing = true
        }
        let asksToPublish = events.contains { event in
            if case .publish = event { true } else { false }
        }
        if asksToPublish {
            session.refusePublish(.badName, description: sentence)
            isClosing = true
        }
        if context.channel.isWritable, let output = session.takeOutput() {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        }
        if isClosing { close(context) }
    }

    private func close(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lingering) { loopBound.value.close(promise: nil) }
    }
}
