/// What happened at a server on one event loop since its last report. Counted without atomics on the loop, and
/// reported twice a second, so that a request costs an addition.
public struct HTTPServerCounts: Sendable, Hashable {
    public var connectionsOpened = 0
    public var connectionsClosed = 0
    public var requests = 0
    public var responseBytes = 0
    public var informational = 0
    public var successful = 0
    public var redirections = 0
    public var clientErrors = 0
    public var serverErrors = 0
    /// Connections given to others: WebSockets and sources.
    public var handedOver = 0

    public init() {}

    mutating func count(status: Int, bytes: Int) {
        requests &+= 1
        responseBytes &+= bytes
        switch status {
        case ..<200: informational &+= 1
        case ..<300: successful &+= 1
        case ..<400: redirections &+= 1
        case ..<500: clientErrors &+= 1
        default: serverErrors &+= 1
        }
    }
}

/// Receives the counts of a server's event loops.
public protocol HTTPServerMetrics: Sendable {
    /// Adds what happened on one loop since that loop's last report. Called on the loop; must not block.
    func add(_ counts: HTTPServerCounts)
}
