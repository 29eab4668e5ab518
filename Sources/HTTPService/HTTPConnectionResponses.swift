import Logging
import NIOCore

/// What is written to the peer.
extension HTTPConnectionHandler {
    func respond(
        _ response: HTTPResponse, to request: HTTPRequest, _ context: ChannelHandlerContext, bodyIsTaken: Bool = false
    ) {
        respond(response, to: request.head, request, context, bodyIsTaken: bodyIsTaken)
    }

    /// - Parameter request: nil where nobody was asked who is behind it.
    func respond(
        _ response: HTTPResponse, to head: HTTPRequestHead, _ request: HTTPRequest?, _ context: ChannelHandlerContext,
        file: HTTPBodyFile? = nil, bodyIsTaken: Bool = false
    ) {
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
        if loop.logsAccess { logAccess(request ?? self.request(head), status, body.readableBytes) }
        writeScratch(context, body, file)
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

    func becomeIdle() {
        phase = .head
        deadline = loop.now + loop.configuration.idleTimeout
    }

    /// Answers what is no request, and ends the connection.
    func refuse(_ status: HTTPStatus, _ detail: String, _ context: ChannelHandlerContext) {
        writeProblem(status, detail)
        lingerThenClose(context)
    }

    func writeProblem(_ status: HTTPStatus, _ detail: String) {
        guard let context else { return }
        let reason = loop.configuration.explainsInReason ? detail : status.reason
        let response = HTTPResponse.problem(HTTPStatus(status.code, reason: reason), detail: detail)
        loop.scratch.clear()
        let (body, code) = response.write(into: &loop.scratch, for: nil, dateLine: loop.dateLine, keepsAlive: false)
        loop.counts.count(status: code, bytes: loop.scratch.readableBytes &+ body.readableBytes)
        if loop.logsAccess {
            loop.logger.debug("refused", metadata: ["status": "\(code)", "client": "\(peerAddress)"])
        }
        writeScratch(context, body)
    }

    func logAccess(_ request: HTTPRequest, _ status: Int, _ bytes: Int) {
        loop.logger.debug(
            "\(request.method.rawValue) \(request.path)",
            metadata: ["status": "\(status)", "bytes": "\(bytes)", "client": "\(request.clientAddress)"])
    }

    func flushIfNeeded(_ context: ChannelHandlerContext) {
        guard needsFlush else { return }
        needsFlush = false
        context.flush()
    }
}
