public import NIOCore

/// Limits and rules of a WebSocket.
public struct WebSocketConfiguration: Sendable {
    /// Bytes of a text message, and of a binary one that is delivered whole.
    public var maximumMessageSize = 64 * 1024
    /// Delivers binary messages in pieces as their bytes arrive, however long they are: a browser that slept may
    /// send tens of megabytes in one.
    public var streamsBinary = false
    /// Bytes of one binary frame where they are streamed.
    public var maximumStreamedFrameSize = 256 * 1024 * 1024
    /// Time between pings.
    public var pingInterval: TimeAmount = .seconds(30)
    /// A peer that sent nothing for so long after a ping is gone.
    public var pongTimeout: TimeAmount = .seconds(20)
    /// For the peer's close frame after ours.
    public var closeTimeout: TimeAmount = .seconds(3)
    /// Bytes that may wait for a peer that reads slowly; then it is closed with `slowConsumerCode`.
    public var maximumWaitingOutput = 1024 * 1024
    public var slowConsumerCode = WebSocketCloseCode.tryAgainLater
    /// Sent when the server shuts down.
    public var shutdownCode = WebSocketCloseCode.goingAway

    public init() {}
}
