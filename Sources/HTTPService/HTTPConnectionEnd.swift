import Logging
import NIOCore

/// How connections end: in order, by a deadline, with the server.
extension HTTPConnectionHandler {
    /// Sends what is written, closes our side, and reads on for a moment: to close with unread bytes would reset
    /// the connection, and the peer might never see the answer.
    func lingerThenClose(_ context: ChannelHandlerContext) {
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
    func closeWhenWritten(_ context: ChannelHandlerContext) {
        phase = .linger
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in channel.close(promise: nil) }
    }

    func end() {
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
        let waiting = queuedBytes(context)
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

    func giveUpAnswer(_ detail: String, _ context: ChannelHandlerContext) {
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
}
