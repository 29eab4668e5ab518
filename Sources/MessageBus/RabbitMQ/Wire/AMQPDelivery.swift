import NIOCore

/// A message as it was delivered on a channel.
struct AMQPDelivery: Sendable {
    let tag: UInt64
    let redelivered: Bool
    var properties = AMQPProperties()
    var body = ByteBuffer()
}

/// The properties of a message that this client sets or reads (§1.8.3).
struct AMQPProperties: Hashable, Sendable {
    /// Whether the broker writes it to its disk where the queue is durable.
    var persistent = false
    /// The number of the submission, by which a returned message is known.
    var correlation: UInt64?
    var type: String?
    var messageID: String?
    /// The position in a stream: `x-stream-offset`, set by the broker.
    var streamOffset: UInt64?
}
