import HTTPService
import Logging
import NIOCore
import Telemetry

/// A connection that was handed over by HTTP and carries the body of a push.
final class SourceHandler: ChannelInboundHandler, PacedHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How the body is framed.
    enum Framing {
        /// Icecast's: everything until the connection closes.
        case untilClose
        case framed(HTTPBodyDecoder)
    }

    private let ingest: IngestContext
    private let push: Push
    private let source: BodySource
    private var framing: Framing
    private let surplus: ByteBuffer
    private let greeting: String?
    private var waiting = ByteBuffer()
    private var isOver = false
    private(set) var isClosing = false
    private var isInactive = false
    var input = PacedInput()
    private var read = NIODeadline.distantFuture
    /// Since when audio is waited for.
    private var audio: NIODeadline?

    private static let tick = TimeAmount.milliseconds(500)
    private static let lingering = TimeAmount.seconds(1)

    /// - Parameters:
    ///   - greeting: what is written at once: `100 Continue`, or 200 to a SOURCE.
    ///   - surplus: bytes that came behind the head.
    init(
        ingest: IngestContext, push: Push, source: BodySource, framing: Framing, greeting: String?, surplus: ByteBuffer
    ) {
        self.ingest = ingest
        self.push = push
        self.source = source
        self.framing = framing
        self.greeting = greeting
        self.surplus = surplus
    }

    /// While the handler is in a pipeline.
    private(set) var context: ChannelHandlerContext?

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        ingest.metrics.connections.increment()
        push.logger.info("Encoder connected")
        if let greeting { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil) }
        let settings = ingest.settings
        read = .now() + .nanoseconds(settings.readDeadline.nanoseconds)
        audio = .now()
        scheduleTick(context)
        arrived(surplus, context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived(unwrapInboundIn(data), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ingest.metrics.connections.decrement()
        isInactive = true
        peerEnded(context)
        // What became of the body can no longer be told.
        if input.isEmpty { isClosing = true }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { peerEnded(context) }
        if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        push.logger.debug("Connection failed", metadata: ["reason": "\(error)"])
        context.close(promise: nil)
    }

    private func arrived(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isClosing, !isOver else { return }
        postponeReadDeadline()
        received(bytes, context)
    }

    func postponeReadDeadline() {
        let settings = ingest.settings
        read = .now() + .nanoseconds((mayKeepBack ? settings.pageDeadline : settings.readDeadline).nanoseconds)
    }

    /// Whether the source is one that sends nothing for long although it is sound: it fills a page of silence.
    private var mayKeepBack: Bool { source.keepsAudioBack && push.hasSetup }

    var excessLead: Int64 { push.excessLead }

    func take(_ piece: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !isOver else { return }
        do {
            switch framing {
            case .untilClose: try pass(piece, context)
            case .framed(var decoder):
                waiting.writeImmutableBuffer(piece)
                while let audio = try decoder.next(from: &waiting) { try pass(audio, context) }
                waiting.discardReadBytes()
                framing = .framed(decoder)
                if decoder.isFinished {
                    isOver = true
                    try source.ended(.clean)
                }
            }
        } catch let refusal as PushRefusal {
            closed(.refused(refusal), context)
        } catch {
            closed(.refused(.unsupported("The body's chunks cannot be read.")), context)
        }
    }

    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws {
        if try !source.received(bytes) { block(context) }
    }

    func overflowed(_ context: ChannelHandlerContext) { closed(.overflow, context) }

    func inputEnded(_ context: ChannelHandlerContext) {
        guard !isOver, !isClosing else { return }
        isOver = true
        do {
            try source.ended(.lost)
        } catch {
            closed(.refused(error), context)
        }
        if isInactive { isClosing = true }
    }

    /// What became of the body.
    func finished(_ outcome: BodySource.Outcome, _ context: ChannelHandlerContext) {
        switch outcome {
        case .ended:
            push.logger.info("Encoder ended the stream")
            answer(.ok, context)
        case .failed(let refusal): closed(.refused(refusal), context)
        }
    }

    /// The server wants this push closed.
    func closed(_ closure: PushClosure, _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        push.logger.notice("Encoder disconnected", metadata: ["reason": "\(closure.sentence)"])
        var fields: [HTTPField] = []
        if case .refused(let refusal) = closure {
            ingest.metrics.refusedPushes.increment()
            fields = refusal.fields
        }
        push.lost()
        source.stop()
        answer(closure.status, fields: fields, context)
    }

    /// The last words. The peer may still be sending: it sees them only if the connection is not reset at once.
    private func answer(_ status: HTTPStatus, fields: [HTTPField] = [], _ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        // The sentence in the body too, which is what some clients show.
        let body = status.code < 300 ? "" : status.reason + "\n"
        let more = fields.map { "\($0.name): \($0.value)\r\n" }.joined()
        let head =
            "HTTP/1.1 \(status.code) \(status.reason)\r\nContent-Type: text/plain; charset=utf-8\r\n\(more)"
            + "X-Content-Type-Options: nosniff\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + body)), promise: nil)
        context.close(mode: .output, promise: nil)
        context.channel.setOption(.autoRead, value: true).whenComplete { _ in }
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.lingering) { loopBound.value.close(promise: nil) }
    }

    private func scheduleTick(_ context: ChannelHandlerContext) {
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.tick) {
            let (handler, context) = loopBound.value
            handler.tick(context)
        }
    }

    private func tick(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        if push.hasMedia { audio = nil }
        let settings = ingest.settings
        let now = NIODeadline.now()
        // In a container with long fragments, much video may stand in front of the audio that it has announced.
        let patience = push.hasSetup ? settings.pageDeadline : settings.audioDeadline
        if let audio, audio + .nanoseconds(patience.nanoseconds) <= now {
            return closed(.refused(.noAudio(within: patience)), context)
        }
        if read <= now, !isOver, !input.isHolding {
            push.logger.info("Silent connection closed")
            push.lost()
            source.stop()
            return answer(.requestTimeout, context)
        }
        scheduleTick(context)
    }
}
