/// A value of an AMQP 0-9-1 table, as far as RabbitMQ asks for any (§4.2.5.5).
enum AMQPValue: Hashable, Sendable {
    case flag(Bool)
    case number(Int64)
    case text(String)
    case table([String: AMQPValue])
}

typealias AMQPTable = [String: AMQPValue]
