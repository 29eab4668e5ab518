public import NIOCore

/// Takes over a connection that speaks another protocol: by what has come of it so far, on its event loop, after the
/// server's own handler was removed from the pipeline. Otherwise as ``HTTPHandOver``.
public typealias HTTPStranger =
    @Sendable (_ channel: any Channel, _ client: IPAddress, _ bytes: ByteBuffer) throws -> Void

/// Limits and rules of one server. The defaults are those of the product; tests shorten the times.
public struct HTTPServerConfiguration: Sendable {
    /// From a connection's or a request's first byte to the end of the head.
    public var headTimeout: TimeAmount = .seconds(15)
    /// Between two requests of a connection.
    public var idleTimeout: TimeAmount = .seconds(75)
    /// From the head to the end of a body that is collected or read over.
    public var bodyTimeout: TimeAmount = .seconds(30)
    /// For a responder's `.future`, `.async`, `.decide` or `.body` function; then the client gets 503.
    public var answerTimeout: TimeAmount = .seconds(60)
    /// A peer that takes none of the bytes that wait for it for so long is cut off.
    public var writeTimeout: TimeAmount = .seconds(30)
    /// After a refusal the connection is read on for so long, so that the peer sees the answer and no reset.
    public var lingerTimeout: TimeAmount = .seconds(1)
    /// On shutdown: for answers that are being made, and for connections that were handed over.
    public var drainTimeout: TimeAmount = .seconds(4)
    /// The places for connections, those handed over included; who gets none is told so with 503. nil: no limit.
    public var limiter: ConnectionLimiter?
    /// Off where encoders that forget `Host` must be understood.
    public var requiresHost = true
    /// Whether paths with empty segments, dot segments and broken escapes are refused. Off where the responders read
    /// paths as encoders write them.
    public var requiresTidyPaths = true
    /// Whether the reason phrase of a refusal says what is wrong: all that many encoders show.
    public var explainsInReason = false
    /// Puts what secures a connection into its pipeline, in front of everything; nil: plain.
    public var secure: (@Sendable (any Channel) throws -> Void)?
    /// Who takes over a connection whose first byte begins no request; nil: it gets 400.
    public var stranger: @Sendable (_ firstByte: UInt8) -> HTTPStranger? = { _ in nil }
    /// Whose `Forwarded` and `X-Forwarded-*` fields count.
    public var trustedProxies = TrustedProxies.none
    /// Parsing waits while more than this is on its way to the peer.
    public var outboundHighWaterMark = 256 * 1024

    public init() {}

    static let backlog: Int32 = 1024
    /// A request's body that nobody asked for is read over up to this size; beyond it the connection ends.
    static let maximumDiscardedBody = 64 * 1024
    /// Bytes that may wait unparsed while an answer is being made; then reading pauses.
    static let maximumWaitingInput = 64 * 1024

    /// How often a connection's deadlines are looked at: a second's half, or a quarter of the shortest time.
    var tickInterval: TimeAmount {
        let times = [headTimeout, idleTimeout, bodyTimeout, answerTimeout, writeTimeout, lingerTimeout, drainTimeout]
        let shortest = times.map(\.nanoseconds).min() ?? 0
        return .nanoseconds(min(500_000_000, max(5_000_000, shortest / 4)))
    }
}
