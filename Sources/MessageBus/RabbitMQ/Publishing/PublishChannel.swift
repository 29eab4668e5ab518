/// The channel on which everything is published, in confirm mode. One for all, so that the order of a caller's messages
/// is the order in which the broker gets them, whatever their queues.
final class PublishChannel: SessionChannel {
    /// So many are published before answers are read again.
    private static let messagesPerTurn = 128

    private let outgoing: OutgoingMessages
    private let topology: DeclaredTopology

    init(_ session: Session, number: UInt16, _ outgoing: OutgoingMessages, _ topology: DeclaredTopology) {
        self.outgoing = outgoing
        self.topology = topology
        super.init(session, number: number)
    }

    static func open(_ session: Session, _ outgoing: OutgoingMessages, _ topology: DeclaredTopology) {
        outgoing.open()
        let channel = session.open { PublishChannel($0, number: $1, outgoing, topology) }
        // Published right behind it: the broker takes what is on the channel in order.
        channel?.request(.selectConfirms)
        session.publishChannel = channel
    }

    var canPump: Bool { isOpen && outgoing.canSubmit }

    func pump() {
        guard isOpen else { return }
        for _ in 0..<Self.messagesPerTurn {
            guard session.failure == nil, let (number, message) = outgoing.submit() else { return }
            var properties = message.properties
            properties.correlation = number
            session.attempt { link throws(RabbitMQConnectionError) in
                try link.publish(
                    exchange: message.exchange, routingKey: message.target.name, mandatory: message.mandatory,
                    properties, message.body, on: self.number)
            }
        }
    }

    override func confirmed(_ number: UInt64, multiple: Bool, accepted: Bool) {
        for message in outgoing.confirm(number, multiple: multiple, accepted: accepted) { explain(message) }
    }

    /// The broker gave the message back. A queue is missing then; a log may only not be there yet.
    private func explain(_ message: OutgoingMessage) {
        guard case .log(let log) = message.target else {
            topology.forget(message.target.name)
            return message.settle(message.target.missing)
        }
        session.perform([.declareQueuePassively(log)]) { [topology] result in
            switch result {
            case .success:
                message.settle(.disconnected("the log “\(log)” was not there yet after a restart of the broker"))
            case .failure(let failure):
                let error = failure.end.error(missing: message.target.missing)
                if error == message.target.missing { topology.forget(log) }
                message.settle(error)
            }
        }
    }

    override func returned(_ correlation: UInt64?) {
        if let correlation { outgoing.markReturned(correlation) }
    }

    /// Nothing that this client publishes is refused that way, so something on the other side is in disorder: the
    /// exchange was deleted, say. A new connection declares it again and submits what is not confirmed.
    override func ended(_ end: ChannelEnd) {
        if case .refused(let reason) = end { session.fail(.lost(endpoint: session.endpoint, reason: reason.text)) }
    }
}
