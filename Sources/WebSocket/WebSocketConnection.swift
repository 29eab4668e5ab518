public import HTTPService
public import NIOCore

/// A WebSocket that is open: what may be kept, passed around and called from anywhere. On the connection's own
/// event loop the calls act at once.
public struct WebSocketConnection: Sendable {
    private let handler: NIOLoopBound<WebSocketHandler>
    /// The request that opened it.
    public let request: HTTPRequest
    /// The one that was chosen among those offered; nil without one.
    public let subprotocol: String?

    init(handler: WebSocketHandler, eventLoop: any EventLoop, request: HTTPRequest, subprotocol: String?) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.request = request
        self.subprotocol = subprotocol
    }

    public var eventLoop: any EventLoop { handler.eventLoop }

    /// Sends a frame. Where several follow one another, all but the last with `flush: false` save system calls.
    /// A peer that does not take what is sent is closed, see `WebSocketConfiguration.maximumWaitingOutput`.
    public func send(_ frame: WebSocketFrame, flush: Bool = true) {
        // The way of a room's fan-out: no closure on the loop.
        if handler.eventLoop.inEventLoop {
            handler.value.send(frame, flush: flush)
        } else {
            handler.eventLoop.execute { handler.value.send(frame, flush: flush) }
        }
    }

    public func send(_ text: String) {
        send(.text(text))
    }

    public func flush() {
        onLoop { $0.flush() }
    }

    /// Sends the close frame, waits a moment for the peer's, and closes.
    public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        onLoop { $0.close(code, reason: reason) }
    }

    /// Delivers nothing more until `resumeReading()`, and stops reading from the socket.
    public func pauseReading() {
        onLoop { $0.pauseReading() }
    }

    public func resumeReading() {
        onLoop { $0.resumeReading() }
    }

    private func onLoop(_ action: @escaping @Sendable (WebSocketHandler) -> Void) {
        if handler.eventLoop.inEventLoop {
            action(handler.value)
        } else {
            handler.eventLoop.execute { action(handler.value) }
        }
    }
}
