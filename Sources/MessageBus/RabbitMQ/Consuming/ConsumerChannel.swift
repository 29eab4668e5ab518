import Synchronization

/// What the channel of a consumer and the consumer itself share.
final class ConsumerDeliveries: Sendable {
    let queue: String
    let mailbox = Mailbox<Delivery>()
    let unsettled = Mutex(UnsettledTags())

    init(queue: String) {
        self.queue = queue
    }
}

/// The channel of a consumer. Ends with the consumer, and the consumer with it.
final class ConsumerChannel: SessionChannel {
    private let deliveries: ConsumerDeliveries
    /// The queue was deleted, or the channel has ended otherwise.
    private let gone: (_ deleted: Bool) -> Void

    init(_ session: Session, number: UInt16, _ deliveries: ConsumerDeliveries, gone: @escaping (Bool) -> Void) {
        self.deliveries = deliveries
        self.gone = gone
        super.init(session, number: number)
    }

    override func delivered(_ delivery: AMQPDelivery) {
        deliveries.unsettled.withLock { $0.add(delivery.tag) }
        deliveries.mailbox.add(
            Delivery(
                tag: DeliveryTag(number: delivery.tag), payload: delivery.body, redelivered: delivery.redelivered,
                topic: delivery.properties.type))
    }

    /// The queue was deleted, or, on a cluster, moves to another node.
    override func cancelled() {
        session.perform([.declareQueuePassively(deliveries.queue)]) { [self] result in
            guard case .failure(let failure) = result else {
                deliveries.mailbox.finish(.disconnected("the broker has cancelled the consumer"))
                return session.close(self)
            }
            deliveries.mailbox.finish(failure.end.error(missing: .noSuchQueue(deliveries.queue)))
            gone(true)
            session.close(self)
        }
    }

    override func ended(_ end: ChannelEnd) {
        deliveries.mailbox.finish(end.error)
        gone(false)
    }
}
