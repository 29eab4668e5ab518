import Logging
import NIOCore

/// One connection: parses requests, asks the responders, writes the answers in order.
///
/// The next request is parsed when the answer before it was written and less than the high-water mark is still on
/// its way, so that no peer can pile up work or memory by not reading. Everything runs on the connection's event
/// loop, inside the call that delivered the bytes.
final class HTTPConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What the connection waits for.
    enum Phase {
        /// The next request's head.
        case head
        /// The rest of a body that a responder wants.
        case body(HTTPBodyCollector)
        /// A responder's answer.
        case answer(Pending)
        /// The end of a body that nobody wants, after its answer.
        case discard(HTTPBodyDecoder, remaining: Int)
        /// The peer, to see the last answer and close.
        case linger
        /// Nothing: closed or handed over.
        case ended
    }

    struct Pending {
        let request: HTTPRequest
        /// Distinguishes this answer from an earlier one that comes too late.
        let number: Int
        /// Held requests get 503 on shutdown; functions may finish.
        let isHeld: Bool
        let task: Task<Void, Never>?
    }

    let loop: HTTPServerLoop
    var context: ChannelHandlerContext?
    var responderContext: HTTPContext?
    var parser: HTTPHeadParser
    var phase = Phase.head
    var input = ByteBuffer()
    var deadline = NIODeadline.distantFuture
    var peerAddress = IPAddress.unspecified
    var peerPort = 0
    var proxies: TrustedProxies?
    var answerNumber = 0
    /// The next head's first byte has come.
    var headHasBegun = false
    /// The request that waits for its answer has no body left to be read over.
    var bodyOfPendingIsTaken = false
    var inputIsClosed = false
    var readIsWithheld = false
    var needsFlush = false
    /// Of a plain connection, to write to without the channel; nil where something stands between.
    var descriptor: CInt?
    /// Something was given to the channel, and may wait there.
    var mayHaveQueue = false
    var isReading = false
    var isProcessing = false
    var isRegistered = false
    /// Bytes on their way to the peer at the last tick, and when that number changed.
    var outboundBytes = 0
    var outboundProgress = NIODeadline.distantPast

    init(loop: HTTPServerLoop) {
        self.loop = loop
        parser = HTTPHeadParser(requiresHost: loop.configuration.requiresHost)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        responderContext = HTTPContext(eventLoop: context.eventLoop, logger: loop.logger)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        isRegistered = true
        loop.add(self)
        if let address = context.remoteAddress {
            peerAddress = IPAddress(address) ?? .unspecified
            peerPort = address.port ?? 0
        }
        proxies = loop.configuration.trustedProxies.contains(peerAddress) ? loop.configuration.trustedProxies : nil
        deadline = loop.now + loop.configuration.headTimeout
        if loop.configuration.secure == nil {
            descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { $0 }
        }
        context.fireChannelActive()
        if loop.isShuttingDown { serverShutsDown() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        isReading = true
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeBuffer(&bytes)
        }
        process(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flushIfNeeded(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            process(context)
            if !isReading { flushIfNeeded(context) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        inputIsClosed = true
        process(context)
        flushIfNeeded(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Resets by peers are everyday events; the connection is over either way.
        loop.logger.trace("HTTP connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        if input.readableBytes >= HTTPServerConfiguration.maximumWaitingInput {
            readIsWithheld = true
        } else {
            context.read()
        }
    }

    // MARK: Input

    /// Goes on with what was read, as far as that is possible now.
    func process(_ context: ChannelHandlerContext) {
        guard !isProcessing else { return }
        isProcessing = true
        while input.readableBytes > 0, takeInput(context) {}
        isProcessing = false
        // The reference would keep the channel from using its read buffer again.
        if input.readableBytes == 0 { input = Self.noBytes }
        if readIsWithheld, input.readableBytes < HTTPServerConfiguration.maximumWaitingInput {
            readIsWithheld = false
            context.read()
        }
        if inputIsClosed { closeUnlessBusy(context) }
    }

    /// - Returns: false where nothing can be done with the input now.
    func takeInput(_ context: ChannelHandlerContext) -> Bool {
        switch phase {
        case .head:
            return context.channel.isWritable && readRequest(context)
        case .body(var collector):
            return collect(&collector, context)
        case .discard(var decoder, let remaining):
            return discard(&decoder, remaining: remaining, context)
        case .answer:
            return false
        case .linger, .ended:
            input.clear()
            return false
        }
    }

    /// The peer sends no more: what it sent is still answered, then the connection ends.
    func closeUnlessBusy(_ context: ChannelHandlerContext) {
        switch phase {
        case .answer, .ended: break
        case .head where !context.channel.isWritable && input.readableBytes > 0: break
        case .head, .body, .discard, .linger: closeWhenWritten(context)
        }
    }

    static let noBytes = ByteBuffer()
}
