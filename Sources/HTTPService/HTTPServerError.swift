/// Why a server cannot start.
public enum HTTPServerError: Error, Sendable, Hashable {
    /// Another process listens there: choose another port or end that process.
    case addressInUse(host: String, port: Int)
    /// The process may not use this port (below 1024), or the address is not one of this machine.
    case addressNotAvailable(host: String, port: Int, reason: String)
    /// The server was started or stopped before; make another one.
    case alreadyStarted
}

extension HTTPServerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .addressInUse(let host, let port): "Port \(port) on \(host) is in use by another process."
        case .addressNotAvailable(let host, let port, let reason): "Cannot listen on \(host) port \(port): \(reason)"
        case .alreadyStarted: "This HTTP server was already started."
        }
    }
}
