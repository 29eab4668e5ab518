public import NIOCore
import Synchronization

extension RabbitMQMessageBus {
    @discardableResult
    public func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus {
        try checkRunning()
        try BusValidation.checkName(name)
        try BusValidation.check(options)
        let queue = AMQPQueue(name, options)
        let reply = try await perform([.declareQueue(queue)]) { end in
            end.error(
                missing: .noSuchQueue(name), different: .declaredDifferently(name), locked: .declaredDifferently(name))
        }
        topology.add(name, [queue])
        outgoing.forgetRefusal(of: .queue(name))
        guard case .declared(let messages, let consumers) = reply else {
            return QueueStatus(readyMessages: 0, consumers: 0)
        }
        return QueueStatus(readyMessages: messages, consumers: consumers)
    }

    public func deleteQueue(_ name: String) async throws {
        try checkRunning()
        // To the broker a log is a queue like any other.
        guard name.utf8.count <= BusValidation.maximumNameBytes, topology.isLog(name) != true else { return }
        guard !isExclusive(name) else { throw BusError.exclusive(name) }
        _ = try await perform([.deleteQueue(name)]) { end in
            end.error(missing: .noSuchQueue(name), locked: .exclusive(name))
        }
        topology.forget(name)
    }

    public func send(_ payload: ByteBuffer, to queue: String) throws(BusError) {
        try publish(payload, to: .queue(queue))
    }

    public func sendKept(_ payload: ByteBuffer, to queue: String) throws(BusError) {
        try publish(payload, to: .queue(queue), concern: .nextSendOfKeeper)
    }

    public func publish(_ payload: ByteBuffer, to queue: String) async throws {
        let answer = Answer<Void>()
        try publish(payload, to: .queue(queue), concern: .answer(answer))
        try await answer.value()
    }

    public func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer {
        try checkRunning()
        try BusValidation.checkPrefetch(prefetch)
        guard (1...BusValidation.maximumNameBytes).contains(queue.utf8.count) else { throw BusError.noSuchQueue(queue) }
        let topology = topology
        let result = try await queues.perform(within: configuration.operationTimeout) {
            [self] (session, answer: Answer<Result<RabbitMQConsumer, ChannelEndError>>) in
            let (deliveries, owner) = (ConsumerDeliveries(queue: queue), self.newOwner())
            let channel = session.open { session, number in
                ConsumerChannel(session, number: number, deliveries) { deleted in
                    if deleted { topology.forget(queue) }
                }
            }
            guard let channel else {
                return answer.settle(.success(.failure(ChannelEndError(end: .refused(.noChannel)))))
            }
            session.own(channel, as: owner)
            channel.request(all: [.limitPrefetch(prefetch), .consume(queue: queue, arguments: [:])]) { result in
                answer.settle(.success(result.map { _ in RabbitMQConsumer(self, self.queues, id: owner, deliveries) }))
            }
        }
        return try result.mapError { $0.end.error(missing: .noSuchQueue(queue), locked: .exclusive(queue)) }.get()
    }
}
