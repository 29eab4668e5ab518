/// How a ``PostgreSQLDatabase`` uses its server. What concerns the connection itself (TLS, time limits of TCP) is in
/// the URL, in libpq's words.
public struct PostgreSQLOptions: Sendable {
    /// The most connections, each with a thread of its own. One more is opened where notifications are asked for.
    public var connections = 4
    /// The most calls that wait for a connection; one more is refused with ``SQLError/Code/busy``.
    public var waitingCalls = 1000
    /// How long a call waits for a connection before it is refused with ``SQLError/Code/busy``.
    public var waitLimit = Duration.seconds(30)
    /// How long a statement waits for a lock of another transaction; then ``SQLError/Code/busy``.
    public var lockLimit = Duration.seconds(5)
    /// How long one statement may take; then ``SQLError/Code/busy``. A server that does not even say so is given up
    /// 5 s later, with ``SQLError/Code/unavailable``.
    public var statementLimit = Duration.seconds(30)
    /// How long a call goes on trying to reach a server that cannot be had; then ``SQLError/Code/unavailable``. While
    /// the server stays away, calls fail at once, but for one attempt a second.
    public var reconnectLimit = Duration.seconds(5)
    /// The most prepared statements that a connection keeps.
    public var preparedStatements = 200

    public init() {}
}
