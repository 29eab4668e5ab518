import HTTPService
import NIOCore

/// The shell around `WebSocketSession`: reads, writes, pings, and closes in time.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let configuration: WebSocketConfiguration
    private var session: WebSocketSession
    private var context: ChannelHandlerContext?
    private var consumer: (any WebSocketConsumer)?
    private var connection: WebSocketConnection?
    private var input: ByteBuffer
    private var isPaused = false
    private var isProcessing = false
    private var readIsWithheld = false
    private var lastInput = NIODeadline.now()
    private var timer: Scheduled<Void>?
    /// What `closed` will report.
    private var outcome: (code: WebSocketCloseCode?, reason: String) = (nil, "")

    /// - Parameter surplus: what the peer sent behind its handshake.
    init(configuration: WebSocketConfiguration, surplus: ByteBuffer) {
        self.configuration = configuration
        session = WebSocketSession(configuration: configuration)
        input = surplus
    }

    /// Begins, when the handler is in its pipeline and the response to the handshake is written.
    func start(_ connection: WebSocketConnection, _ consumer: any WebSocketConsumer) {
        self.connection = connection
        self.consumer = consumer
        schedulePing()
        process()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        lastInput = .now()
        input.writeBuffer(&bytes)
        process()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused {
            readIsWithheld = true
        } else {
            context.read()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            close(configuration.shutdownCode, reason: "The server is shutting down.")
        } else if case .some(.inputClosed) = event as? ChannelEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset is an end like any other; `closed` reports it without a code.
        context.close(promise: nil)
    }

    // MARK: Input

    private func process() {
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        // A peer needs an answer to the latest of several pings only (RFC 6455 §5.5.3).
        var pong: WebSocketFrame?
        while !isPaused, let context, let action = session.next(from: &input) {
            switch action {
            case .deliver(let message):
                if let answer = pong.take() { send(answer, flush: true) }
                if let connection { consumer?.received(message, on: connection) }
            case .sendPong(let frame):
                pong = frame
            case .pong:
                break
            case .finish(let code, let reason, let reply):
                if outcome.code == nil { outcome = (code, reason) }
                finish(context, reply)
            case .fail(let violation, let frame):
                outcome = (violation.code, violation.reason)
                finish(context, frame)
            }
        }
        if let pong, session.isOpen { send(pong, flush: true) }
        if input.readableBytes == 0 { input = ByteBuffer() }
    }

    /// Sends the last frame and closes when it is out.
    private func finish(_ context: ChannelHandlerContext, _ frame: WebSocketFrame?) {
        timer?.cancel()
        let channel = context.channel
        if let frame {
            context.writeAndFlush(wrapOutboundOut(frame.bytes)).whenComplete { _ in channel.close(promise: nil) }
            // A peer that does not read would keep that write waiting for ever.
            scheduleCutOff()
        } else {
            channel.close(promise: nil)
        }
    }

    func pauseReading() {
        isPaused = true
    }

    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        process()
        if readIsWithheld, !isPaused {
            readIsWithheld = false
            context?.read()
        }
    }

    // MARK: Output

    func send(_ frame: WebSocketFrame, flush: Bool) {
        guard let context, session.isOpen else { return }
        context.write(wrapOutboundOut(frame.bytes), promise: nil)
        if flush { context.flush() }
        guard !context.channel.isWritable,
            let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes),
            waiting > configuration.maximumWaitingOutput
        else { return }
        close(configuration.slowConsumerCode, reason: "Too much waits to be read.")
    }

    func flush() {
        context?.flush()
    }

    func close(_ code: WebSocketCloseCode, reason: String) {
        guard let context, let frame = session.close(code, reason: reason) else { return }
        outcome = (code, reason)
        context.writeAndFlush(wrapOutboundOut(frame.bytes), promise: nil)
        scheduleCutOff()
        // The peer's close frame may stand behind what the consumer did not want yet.
        resumeReading()
    }

    // MARK: Time

    private func schedulePing() {
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: configuration.pingInterval) { [weak self] in
            guard let self, session.isOpen else { return }
            send(.ping(), flush: true)
            schedulePongCheck(sentAt: .now())
        }
    }

    private func schedulePongCheck(sentAt: NIODeadline) {
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: configuration.pongTimeout) { [weak self] in
            guard let self, session.isOpen else { return }
            // While the consumer holds the peer back, its pong cannot be seen.
            if lastInput < sentAt, !isPaused {
                context?.close(promise: nil)
            } else {
                schedulePing()
            }
        }
    }

    private func scheduleCutOff() {
        timer?.cancel()
        timer = context?.eventLoop.assumeIsolated().scheduleTask(in: configuration.closeTimeout) { [weak self] in
            self?.context?.close(promise: nil)
        }
    }

    private func end() {
        timer?.cancel()
        timer = nil
        guard let consumer, let connection else { return }
        self.consumer = nil
        self.connection = nil
        consumer.closed(outcome.code, reason: outcome.reason, on: connection)
    }
}
