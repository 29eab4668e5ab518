/// Why there is no connection to RabbitMQ. Names host and port, never user or password.
public enum RabbitMQConnectionError: Error, Hashable, Sendable {
    /// No such host, nobody listens there, or no answer in time.
    case unreachable(endpoint: String, reason: String)
    /// RabbitMQ does not know the user or the password.
    case refusedCredentials(endpoint: String)
    /// The virtual host does not exist, or is not for this user.
    case refusedVirtualHost(endpoint: String, name: String)
    /// TLS could not be agreed on: above all, the certificate is not signed by a trusted authority or for another host.
    case untrusted(endpoint: String, reason: String)
    /// The connection stood, and is lost: no sign of life, closed by the other side, or shut down there.
    case lost(endpoint: String, reason: String)
}

extension RabbitMQConnectionError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let endpoint, let reason):
            "RabbitMQ at \(endpoint) cannot be reached (\(reason)): is it running, and is the address right?"
        case .refusedCredentials(let endpoint):
            "RabbitMQ at \(endpoint) refuses the user or password of --amqp-url."
        case .refusedVirtualHost(let endpoint, let name):
            "RabbitMQ at \(endpoint) has no virtual host “\(name)” for this user."
        case .untrusted(let endpoint, let reason):
            "The certificate of RabbitMQ at \(endpoint) is not trusted (\(reason)): name its authority with cacertfile."
        case .lost(let endpoint, let reason):
            "The connection to RabbitMQ at \(endpoint) is lost: \(reason)"
        }
    }
}
