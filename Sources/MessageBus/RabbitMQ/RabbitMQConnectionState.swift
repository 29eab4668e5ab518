/// What one of the connections of a ``RabbitMQMessageBus`` is for.
public enum RabbitMQConnectionRole: String, CaseIterable, Hashable, Sendable {
    /// Everything that is published. A broker that runs out of memory or disk blocks this one and no other.
    case publishing
    /// Declarations, readers of logs, subscriptions.
    case consuming
    /// Consumers of queues, and nothing else: the broker finds a frozen client by this connection's heartbeat of a
    /// second, and hands its messages to the next within three.
    case queues
}

/// How one connection stands.
public enum RabbitMQConnectionState: Hashable, Sendable {
    /// Not there yet; nothing has failed so far.
    case connecting
    case connected
    /// The broker takes nothing new until it has memory or disk again; `reason` is its own.
    case blocked(reason: String)
    /// Not there; it is tried again by itself.
    case lost(RabbitMQConnectionError)
    /// Shut down by this side.
    case closed
}
