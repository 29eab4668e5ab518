/// What this side says on a channel, but for publishing.
enum AMQPRequest: Sendable {
    case openChannel
    case closeChannel
    case closeChannelOK
    case selectConfirms
    case declareTopicExchange(String)
    case declareQueue(AMQPQueue)
    /// Asks whether it exists.
    case declareQueuePassively(String)
    case deleteQueue(String)
    case bind(queue: String, exchange: String, topic: String)
    case unbind(queue: String, exchange: String, topic: String)
    case limitPrefetch(Int)
    case consume(queue: String, arguments: AMQPTable)
    case acknowledge(UInt64, multiple: Bool)
    case reject(UInt64, requeue: Bool)

    /// Whether the broker answers with a method of its own, in the order of the requests.
    var hasReply: Bool {
        switch self {
        case .closeChannelOK, .acknowledge, .reject: false
        default: true
        }
    }
}

/// A queue as AMQP declares it.
struct AMQPQueue: Hashable, Sendable {
    let name: String
    var durable = true
    var exclusive = false
    /// Goes with its last consumer.
    var autoDelete = false
    var arguments: AMQPTable = [:]
}

/// What the broker says to this client.
enum AMQPEvent: Sendable {
    /// The answer to the oldest unanswered request of the channel.
    case reply(channel: UInt16, AMQPReply)
    /// The broker has closed the channel, or the whole connection if it is 0.
    case closed(channel: UInt16, AMQPCloseReason)
    case delivery(channel: UInt16, AMQPDelivery)
    /// The queue is gone.
    case cancelled(channel: UInt16)
    case confirmed(channel: UInt16, UInt64, multiple: Bool, accepted: Bool)
    /// Nothing is bound that would take the message. Comes before its confirmation.
    case returned(channel: UInt16, correlation: UInt64?)
    case blocked(String)
    case unblocked
}

enum AMQPReply: Sendable {
    case done
    case declared(messages: Int, consumers: Int)
}

/// Why the broker closed a channel or connection (§1.5.2.5).
struct AMQPCloseReason: Hashable, Sendable {
    static let accessRefused: UInt16 = 403
    static let notFound: UInt16 = 404
    static let resourceLocked: UInt16 = 405
    static let preconditionFailed: UInt16 = 406

    let code: UInt16
    let text: String

    /// The queue or log exists, and nobody is there for it yet. Measured: for 0.3 s after RabbitMQ has begun to take
    /// connections its streams are not, says so with the code for what does not exist, and returns what is published to
    /// them as if there were no such stream.
    var isRecovering: Bool { code == Self.notFound && text.contains("is down or inaccessible") }
}
