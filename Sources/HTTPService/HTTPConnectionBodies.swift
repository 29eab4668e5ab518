import NIOCore

/// Bodies of requests: collected for a function, or read over.
extension HTTPConnectionHandler {
    func beginBody(
        limit: Int, _ request: HTTPRequest,
        _ function: @escaping @Sendable (HTTPRequest, ByteBuffer) async -> HTTPResponse,
        _ context: ChannelHandlerContext
    ) {
        if case .length(let length) = request.head.framing, length > limit {
            respond(Self.contentTooLarge(limit), to: request, context)
            return
        }
        var collector = HTTPBodyCollector(request: request, limit: limit, function: function)
        if !collector.isFinished, request.head.expectsContinue, input.readableBytes == 0 {
            mayHaveQueue = true
            context.write(wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
            needsFlush = true
        }
        phase = .body(collector)
        deadline = loop.now + loop.configuration.bodyTimeout
        if collector.isFinished { _ = collect(&collector, context) }
    }

    static func contentTooLarge(_ limit: Int) -> HTTPResponse {
        .problem(
            ProblemDocument(.contentTooLarge, detail: "The body is larger than \(limit) bytes."),
            closesConnection: true)
    }

    /// - Returns: false while the body is incomplete.
    func collect(_ collector: inout HTTPBodyCollector, _ context: ChannelHandlerContext) -> Bool {
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

    /// - Returns: false while the body is incomplete.
    func discard(_ decoder: inout HTTPBodyDecoder, remaining: Int, _ context: ChannelHandlerContext) -> Bool {
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
}
