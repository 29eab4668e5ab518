/// Where RabbitMQ is, and how much may wait for it.
///
/// Its description shows neither user nor password.
public struct RabbitMQConfiguration: Sendable {
    struct TLS: Hashable, Sendable {
        /// PEM file of the authorities that may have signed the broker's certificate; `nil` for those of the system.
        let authorityFile: String?
    }

    let host: String
    let port: UInt16
    let virtualHost: String
    let user: String
    let password: String
    let tls: TLS?

    /// Bound of the number of messages that are not yet confirmed, sent or not. What exceeds it is refused with
    /// ``BusError/full(_:)``.
    public var maximumOutgoingMessages = 20_000
    /// Bound of the payloads of these messages.
    public var maximumOutgoingBytes = 64 << 20
    /// How many messages are on their way to the broker before it has to confirm the first of them.
    public var confirmWindow = 512
    /// How long an operation waits for a connection before it fails with ``BusError/disconnected(_:)``.
    public var operationTimeout = Duration.seconds(10)
    /// How long messages are kept for a broker that cannot be reached. Older ones are lost: ``MessageBus/send(_:to:)``
    /// says so, and what waits for a confirmation fails with ``BusError/disconnected(_:)``.
    public var outageTolerance = Duration.seconds(30)
    /// How long ``MessageBus/shutdown()`` takes at most.
    public var shutdownTimeout = Duration.seconds(5)

    /// Reads `amqp://USER:PASSWORD@HOST:PORT/VHOST`, or `amqps:` for TLS. User and password are `guest` unless given,
    /// the port 5672, with TLS 5671, the virtual host `/`. `?cacertfile=FILE` names the authority of a private
    /// certificate. Everything may be percent-encoded (https://www.rabbitmq.com/uri-spec.html).
    public init(url: String) throws(RabbitMQURLError) {
        let parts = try AMQPURL(url)
        host = parts.host
        port = parts.port ?? (parts.isSecure ? 5671 : 5672)
        virtualHost = parts.virtualHost ?? "/"
        user = parts.user ?? "guest"
        password = parts.password ?? "guest"
        tls = parts.isSecure ? TLS(authorityFile: parts.authorityFile) : nil
    }

    /// Host and port, for errors and logs.
    var endpoint: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension RabbitMQConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(tls == nil ? "amqp" : "amqps")://\(endpoint)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint]) }
}
