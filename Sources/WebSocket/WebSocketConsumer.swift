/// Receives what one peer says. All calls come on the connection's event loop, in order.
public protocol WebSocketConsumer: AnyObject {
    /// A message, or a piece of one. A consumer that falls behind calls `pauseReading()`; then at most one more
    /// buffer of bytes waits here, and TCP holds the peer back.
    func received(_ message: WebSocketMessage, on connection: WebSocketConnection)

    /// The connection has ended; called once, and last.
    /// - Parameter code: the peer's, or ours where we closed; nil where the connection broke off.
    func closed(_ code: WebSocketCloseCode?, reason: String, on connection: WebSocketConnection)
}
