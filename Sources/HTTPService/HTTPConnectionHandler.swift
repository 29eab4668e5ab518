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
    private enum Phase {
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

    private struct Pending {
        let request: HTTPRequest
        /// Distinguishes this answer from an earlier one that comes too late.
        let number: Int
        /// Held requests get 503 on shutdown; functions may finish.
        let isHeld: Bool
        let task: Task<Void, Never>?
    }

    private let loop: HTTPServerLoop
    private var context: ChannelHandlerContext?
    private var responderContext: HTTPContext?
    private var parser: HTTPHeadParser
    private var phase = Phase.head
    private var input = ByteBuffer()
    private var deadline = NIODeadline.distantFuture
    private var peerAddress = IPAddress.unspecified
    private var peerPort = 0
    private var proxies: TrustedProxies?
    private var answerNumber = 0
    private var inputIsClosed = false
    private var readIsWithheld = false
    private var needsFlush = false
    private var isReading = false
    private var isProcessing = false
    private var isRegistered = false
    /// Has one of the places of `HTTPServerConfiguration.maximumConnections`.
    private(set) var isCounted = false
    /// Bytes on their way to the peer at the last tick, and when that number changed.
    private var outboundBytes = 0
    private var outboundProgress = NIODeadline.distantPast

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
        isCounted = loop.connectionCount.enter()
        guard isCounted else {
            loop.counts.connectionsRefused += 1
            writeProblem(.serviceUnavailable, "The server has as many connections as it may have.", retryAfter: 5)
            lingerThenClose(context)
            return
        }
        if let address = context.remoteAddress {
            peerAddress = IPAddress(address) ?? .unspecified
            peerPort = address.port ?? 0
        }
        proxies = loop.configuration.trustedProxies.contains(peerAddress) ? loop.configuration.trustedProxies : nil
        deadline = loop.now + loop.configuration.headTimeout
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

    // MARK: Requests

    /// Goes on with what was read, as far as that is possible now.
    private func process(_ context: ChannelHandlerContext) {
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
    private func takeInput(_ context: ChannelHandlerContext) -> Bool {
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
    private func closeUnlessBusy(_ context: ChannelHandlerContext) {
        switch phase {
        case .answer, .ended: break
        case .head where !context.channel.isWritable && input.readableBytes > 0: break
        case .head, .body, .discard, .linger: closeWhenWritten(context)
        }
    }

    private static let noBytes = ByteBuffer()

    /// - Returns: false while the head is incomplete.
    private func readRequest(_ context: ChannelHandlerContext) -> Bool {
        let head: HTTPRequestHead
        do {
            guard let next = try parser.next(from: &input) else {
                // The time for a head begins with its first byte; no later byte may prolong it.
                if !headHasBegun {
                    headHasBegun = true
                    deadline = loop.now + loop.configuration.headTimeout
                }
                return false
            }
            head = next
        } catch {
            refuse(error.status, error.explanation, context)
            return true
        }
        headHasBegun = false
        let request = HTTPRequest(head: head, peerAddress: peerAddress, peerPort: peerPort, proxies: proxies)
        if head.traits.contains(.unusualPath), PercentEncoding.pathSegments(head.rawPath) == nil {
            refuse(.badRequest, "The path has a broken escape, a dot segment or an empty segment.", context)
            return true
        }
        act(on: answer(to: request), request, context)
        return true
    }

    private var headHasBegun = false

    private func answer(to request: HTTPRequest) -> HTTPAnswer {
        guard let responderContext else { return .pass }
        for responder in loop.responders {
            let answer = responder.respond(to: request, in: responderContext)
            if case .pass = answer { continue }
            return answer
        }
        return .pass
    }

    private func act(on answer: HTTPAnswer, _ request: HTTPRequest, _ context: ChannelHandlerContext) {
        switch answer {
        case .response(let response):
            respond(response, to: request, context)
        case .pass:
            respond(Self.notFound, to: request, context)
        case .future(let future):
            let number = wait(for: request, isHeld: true)
            let result = future.eventLoop === context.eventLoop ? future : future.hop(to: context.eventLoop)
            result.assumeIsolated().whenComplete { [self] result in
                switch result {
                case .success(let response): resume(number, with: .response(response))
                case .failure(let error): resume(number, with: .response(failure(error)))
                }
            }
        case .async(let function):
            start(request, context) { .response(await function()) }
        case .decide(let function):
            start(request, context, function)
        case .body(let limit, let function):
            beginBody(limit: limit, request, function, context)
        case .handOver(let function):
            handOver(request, function, context)
        }
    }

    private static let notFound = HTTPResponse.problem(.notFound, detail: "There is nothing at this address.")

    private func failure(_ error: any Error) -> HTTPResponse {
        loop.logger.error("A responder failed", metadata: ["error": "\(error)"])
        return .problem(.internalServerError, detail: "The server could not make the answer.")
    }

    // MARK: Answers that come later

    private func wait(for request: HTTPRequest, isHeld: Bool, task: Task<Void, Never>? = nil) -> Int {
        answerNumber &+= 1
        phase = .answer(Pending(request: request, number: answerNumber, isHeld: isHeld, task: task))
        deadline = loop.now + loop.configuration.answerTimeout
        return answerNumber
    }

    private func start(
        _ request: HTTPRequest, _ context: ChannelHandlerContext, _ function: @escaping @Sendable () async -> HTTPAnswer
    ) {
        let promise = context.eventLoop.makePromise(of: HTTPAnswer.self)
        let task = Task { promise.succeed(await function()) }
        let number = wait(for: request, isHeld: false, task: task)
        promise.futureResult.assumeIsolated().whenSuccess { [self] answer in
            resume(number, with: answer)
        }
    }

    /// Goes on when an answer came, unless it comes too late.
    private func resume(_ number: Int, with answer: HTTPAnswer) {
        guard case .answer(let pending) = phase, pending.number == number, let context else { return }
        phase = .head
        act(on: answer, pending.request, context)
        // A future may have been fulfilled before it was returned; then the caller goes on.
        guard !isProcessing else { return }
        process(context)
        if !isReading { flushIfNeeded(context) }
    }

    // MARK: Bodies

    private func beginBody(
        limit: Int, _ request: HTTPRequest, _ function: @escaping @Sendable (HTTPRequest, ByteBuffer) async -> HTTPResponse,
        _ context: ChannelHandlerContext
    ) {
        if case .length(let length) = request.head.framing, length > limit {
            respond(Self.contentTooLarge(limit), to: request, context)
            return
        }
        var collector = HTTPBodyCollector(request: request, limit: limit, function: function)
        if !collector.isFinished, request.head.expectsContinue, input.readableBytes == 0 {
            context.write(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
            needsFlush = true
        }
        phase = .body(collector)
        deadline = loop.now + loop.configuration.bodyTimeout
        if collector.isFinished { _ = collect(&collector, context) }
    }

    private static func contentTooLarge(_ limit: Int) -> HTTPResponse {
        .problem(
            ProblemDocument(.contentTooLarge, detail: "The body is larger than \(limit) bytes."),
            closesConnection: true)
    }

    /// - Returns: false while the body is incomplete.
    private func collect(_ collector: inout HTTPBodyCollector, _ context: ChannelHandlerContext) -> Bool {
        do {
            // The collector in `phase` would be a second owner of the bytes collected so far.
            phase = .head
            try collector.take(from: &input)
        } catch .tooLarge {
            respond(Self.contentTooLarge(collector.limit), to: collector.request, context, bodyIsTaken: true)
            return true
        } catch {
            refuse(.badRequest, "The chunked body is malformed.", context)
            return true
        }
        guard collector.isFinished else {
            phase = .body(collector)
            return false
        }
        let (request, function, body) = (collector.request, collector.function, collector.body)
        start(request, context) { .response(await function(request, body)) }
        bodyOfPendingIsTaken = true
        return true
    }

    /// The request that waits for its answer has no body left to be read over.
    private var bodyOfPendingIsTaken = false

    /// - Returns: false while the body is incomplete.
    private func discard(_ decoder: inout HTTPBodyDecoder, remaining: Int, _ context: ChannelHandlerContext) -> Bool {
        var remaining = remaining
        do {
            while let piece = try decoder.next(from: &input) { remaining -= piece.readableBytes }
        } catch {
            refuse(.badRequest, "The chunked body is malformed.", context)
            return true
        }
        if remaining < 0 {
            lingerThenClose(context)
        } else if decoder.isFinished {
            becomeIdle()
        } else {
            phase = .discard(decoder, remaining: remaining)
            return false
        }
        return true
    }

    // MARK: Writing

    private func respond(
        _ response: HTTPResponse, to request: HTTPRequest, _ context: ChannelHandlerContext, bodyIsTaken: Bool = false
    ) {
        let head = request.head
        let bodyIsTaken = bodyIsTaken || bodyOfPendingIsTaken
        bodyOfPendingIsTaken = false
        var keepsAlive =
            head.keepsAlive && !response.storage.closesConnection && !loop.isShuttingDown
            && !(inputIsClosed && input.readableBytes == 0)
        let hasBody = head.framing != .none && head.framing != .length(0)
        if !bodyIsTaken, keepsAlive {
            // A client that waits for 100 may send the body or not: only a new connection is unambiguous. A
            // source without a length sends audio without end.
            if head.expectsContinue || (head.method == .source && head.framing == .none) { keepsAlive = false }
            if case .length(let length) = head.framing, length > HTTPServerConfiguration.maximumDiscardedBody {
                keepsAlive = false
            }
        }
        loop.scratch.clear()
        let (body, status) = response.write(
            into: &loop.scratch, for: head, dateLine: loop.dateLine, keepsAlive: keepsAlive)
        loop.counts.count(status: status, bytes: loop.scratch.readableBytes &+ body.readableBytes)
        if loop.logsAccess { logAccess(request, status, body.readableBytes) }
        context.write(wrapOutboundOut(loop.scratch), promise: nil)
        if body.readableBytes > 0 { context.write(wrapOutboundOut(body), promise: nil) }
        needsFlush = true
        if !keepsAlive {
            lingerThenClose(context)
        } else if hasBody, !bodyIsTaken {
            phase = .discard(
                HTTPBodyDecoder(head.framing), remaining: HTTPServerConfiguration.maximumDiscardedBody)
            deadline = loop.now + loop.configuration.bodyTimeout
        } else {
            becomeIdle()
        }
    }

    private func becomeIdle() {
        phase = .head
        deadline = loop.now + loop.configuration.idleTimeout
    }

    /// Answers what is no request, and ends the connection.
    private func refuse(_ status: HTTPStatus, _ detail: String, _ context: ChannelHandlerContext) {
        writeProblem(status, detail)
        lingerThenClose(context)
    }

    private func writeProblem(_ status: HTTPStatus, _ detail: String, retryAfter seconds: Int? = nil) {
        guard let context else { return }
        let response = HTTPResponse.problem(
            status, detail: detail, fields: seconds.map { [.retryAfter(seconds: $0)] } ?? [])
        var head = ByteBuffer()
        let (body, code) = response.write(into: &head, for: nil, dateLine: loop.dateLine, keepsAlive: false)
        loop.counts.count(status: code, bytes: head.readableBytes + body.readableBytes)
        if loop.logsAccess {
            loop.logger.debug("refused", metadata: ["status": "\(code)", "client": "\(peerAddress)"])
        }
        context.write(wrapOutboundOut(head), promise: nil)
        context.write(wrapOutboundOut(body), promise: nil)
        needsFlush = true
    }

    private func logAccess(_ request: HTTPRequest, _ status: Int, _ bytes: Int) {
        loop.logger.debug(
            "\(request.method.rawValue) \(request.path)",
            metadata: ["status": "\(status)", "bytes": "\(bytes)", "client": "\(request.clientAddress)"])
    }

    private func flushIfNeeded(_ context: ChannelHandlerContext) {
        guard needsFlush else { return }
        needsFlush = false
        context.flush()
    }

    // MARK: The end

    /// Sends what is written, closes our side, and reads on for a moment: to close with unread bytes would reset
    /// the connection, and the peer might never see the answer.
    private func lingerThenClose(_ context: ChannelHandlerContext) {
        phase = .linger
        input.clear()
        deadline = .distantFuture
        needsFlush = false
        context.flush()
        if inputIsClosed {
            closeWhenWritten(context)
            return
        }
        let (loop, channel) = (loop, context.channel)
        context.close(mode: .output).assumeIsolated().whenComplete { [weak self] result in
            if case .failure = result { channel.close(promise: nil) }
            self?.deadline = loop.now + loop.configuration.lingerTimeout
        }
    }

    /// Closes when the bytes on their way are written.
    private func closeWhenWritten(_ context: ChannelHandlerContext) {
        phase = .linger
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    private func end() {
        if case .answer(let pending) = phase { pending.task?.cancel() }
        phase = .ended
        input.clear()
        if isRegistered { loop.remove(self) }
    }

    func cutOff() {
        context?.close(promise: nil)
    }

    /// Looks at the deadlines.
    func tick(_ now: NIODeadline) {
        guard let context else { return }
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        if waiting != outboundBytes || waiting == 0 {
            outboundBytes = waiting
            outboundProgress = now
        } else if now - outboundProgress >= loop.configuration.writeTimeout {
            loop.logger.debug("A peer does not read", metadata: ["client": "\(peerAddress)", "bytes": "\(waiting)"])
            context.close(promise: nil)
            return
        }
        guard now >= deadline else { return }
        switch phase {
        case .head:
            if headHasBegun {
                refuse(.requestTimeout, "The request's head took too long.", context)
            } else if waiting == 0 {
                context.close(promise: nil)
            }
        case .body, .discard:
            refuse(.requestTimeout, "The request's body took too long.", context)
        case .answer:
            giveUpAnswer("The answer took too long.", context)
        case .linger, .ended:
            context.close(promise: nil)
        }
    }

    private func giveUpAnswer(_ detail: String, _ context: ChannelHandlerContext) {
        guard case .answer(let pending) = phase else { return }
        pending.task?.cancel()
        phase = .head
        respond(
            .problem(
                ProblemDocument(.serviceUnavailable, detail: detail),
                fields: [.retryAfter(seconds: 1), .cacheControl("no-store")], closesConnection: true),
            to: pending.request, context)
        flushIfNeeded(context)
    }

    func serverShutsDown() {
        guard let context else { return }
        switch phase {
        case .answer(let pending) where pending.isHeld:
            giveUpAnswer("The server is shutting down.", context)
        case .head where !headHasBegun:
            closeWhenWritten(context)
        case .head, .body, .answer, .discard, .linger, .ended:
            break
        }
    }

    // MARK: Handing over

    private func handOver(_ request: HTTPRequest, _ function: HTTPHandOver, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let surplus = input
        input = ByteBuffer()
        phase = .ended
        let resumesReading = readIsWithheld
        readIsWithheld = false
        flushIfNeeded(context)
        loop.handOver(self, channel: channel)
        isRegistered = false
        if loop.logsAccess { logAccess(request, 0, 0) }
        do {
            // The new owner sees the end of the connection as such, and reads pieces as large as they come.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: inputIsClosed)
            try channel.syncOptions?.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator())
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            try function(channel, request, surplus)
            if inputIsClosed {
                channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            }
            if resumesReading, try channel.syncOptions?.getOption(.autoRead) ?? true { channel.read() }
        } catch {
            loop.logger.warning("A connection could not be handed over", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }
}
