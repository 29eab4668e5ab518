public import HTTPService
import NIOCore

/// Opens WebSockets on the HTTP server.
public enum WebSocketUpgrade {
    /// The answer to a request for a WebSocket: hands the connection over, or refuses it.
    /// - Parameters:
    ///   - subprotocols: those that the server speaks, the best first; empty where it speaks none.
    ///   - open: makes the consumer; called on the connection's event loop, after the handshake. What it sends at
    ///     once comes first.
    public static func answer(
        to request: HTTPRequest, subprotocols: [String] = [], origins: WebSocketOriginPolicy = .same(),
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        open: @escaping @Sendable (WebSocketConnection) -> any WebSocketConsumer
    ) -> HTTPAnswer {
        switch WebSocketHandshake.outcome(for: request, subprotocols: subprotocols, origins: origins) {
        case .refused(let response):
            return .response(response)
        case .accepted(let response, let subprotocol):
            return .handOver { channel, request, surplus in
                let handler = WebSocketHandler(configuration: configuration, surplus: surplus)
                try channel.pipeline.syncOperations.addHandler(handler)
                channel.writeAndFlush(response, promise: nil)
                let connection = WebSocketConnection(
                    handler: handler, eventLoop: channel.eventLoop, request: request, subprotocol: subprotocol)
                handler.start(connection, open(connection))
            }
        }
    }

    /// Whether a request asks for a WebSocket, so that one address can serve a page and a socket.
    public static func isRequested(by request: HTTPRequest) -> Bool {
        request.head.wantsUpgrade && request.head.lists("websocket", in: "upgrade")
    }
}
