public import NIOCore
import Synchronization

extension RabbitMQMessageBus {
    public func declareLog(_ name: String, _ options: LogOptions) async throws {
        try checkRunning()
        try BusValidation.checkName(name)
        try BusValidation.check(options)
        let log = AMQPQueue(name, options)
        _ = try await perform([.declareQueue(log)]) { end in
            end.error(
                missing: .noSuchLog(name), different: .declaredDifferently(name), locked: .declaredDifferently(name))
        }
        topology.add(name, [log])
        logSizes.withLock { $0[name] = options.maximumBytes }
    }

    public func deleteLog(_ name: String) async throws {
        try checkRunning()
        // To the broker it is a queue like any other; of a queue it is known here that it is none.
        guard name.utf8.count <= BusValidation.maximumNameBytes, topology.isLog(name) != false else { return }
        topology.forget(name)
        logSizes.withLock { $0[name] = nil }
        _ = try await perform([.deleteQueue(name)]) { end in
            end.error(missing: .noSuchLog(name), locked: .exclusive(name))
        }
    }

    public func append(_ payload: ByteBuffer, to log: String) async throws {
        // RabbitMQ takes an entry of any size and then keeps nothing else.
        if let size = logSizes.withLock({ $0[log] }), payload.readableBytes > size { throw BusError.full(log) }
        try await whileItComesUp(log) {
            let answer = Answer<Void>()
            try publish(payload, to: .log(log), concern: .answer(answer))
            try await answer.value()
        }
    }

    public func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        try await whileItComesUp(log) { try await reader(log, from: start) }
    }

    /// A broker that was killed accepts connections and declarations seconds before its streams have leaders again; until
    /// then it says that there is no such log. Of those that this client declared it is known better.
    private func whileItComesUp<Value>(_ log: String, _ body: () async throws -> Value) async throws -> Value {
        var deadline: ContinuousClock.Instant?
        var pauses = Backoff()
        while true {
            do {
                return try await body()
            } catch BusError.noSuchLog(log) where outgoing.losses > 0 && topology.isLog(log) == true {
                let end = deadline ?? .now + configuration.operationTimeout
                guard ContinuousClock.now < end else { throw BusError.noSuchLog(log) }
                deadline = end
                try await Task.sleep(for: pauses.next())
            }
        }
    }

    private func reader(_ log: String, from start: LogStart) async throws -> any LogReader {
        try checkRunning()
        guard (1...BusValidation.maximumNameBytes).contains(log.utf8.count) else { throw BusError.noSuchLog(log) }
        let (mailbox, owner) = (Mailbox<ReadItem>(), newOwner())
        let marker = String(UInt64.random(in: .min ... .max), radix: 36)
        return try await consuming.perform(within: configuration.operationTimeout) {
            [self] (session, answer: Answer<RabbitMQReader>) in
            let channel = session.open { [weak self] session, number in
                ReaderChannel(
                    session, number: number, log: log, mailbox, marker: marker, isCaughtUp: start == .end
                ) { self?.appendMarker(marker, to: log, of: mailbox) }
            }
            guard let channel else { return answer.settle(.failure(.disconnected(AMQPCloseReason.noChannel.text))) }
            session.own(channel, as: owner)
            // The broker answers `consume` before it has placed the reader. It looks at the next request after that:
            // what is appended once that is answered is read.
            let requests: [AMQPRequest] = [
                .limitPrefetch(ReaderChannel.prefetch),
                .consume(queue: log, arguments: ["x-stream-offset": start.streamOffset]),
                .limitPrefetch(ReaderChannel.prefetch),
            ]
            channel.request(all: requests) { [weak channel] result in
                if case .success = result { channel?.begin() }
                answer.settle(
                    result.map { _ in RabbitMQReader(self, self.consuming, id: owner, mailbox) }
                        // A queue that is no log takes no reader: precondition failed.
                        .mapError { $0.end.error(missing: .noSuchLog(log), different: .noSuchLog(log)) })
            }
        }
    }

    /// Is not held up by what else waits for the broker, except in time: whoever catches up must not be refused.
    private func appendMarker(_ marker: String, to log: String, of mailbox: Mailbox<ReadItem>) {
        let message = OutgoingMessage(
            target: .log(log), properties: AMQPProperties(type: ReaderChannel.markerType, messageID: marker),
            body: ByteBuffer(), concern: .failure { mailbox.finish($0) })
        do throws(BusError) {
            _ = try outgoing.add(message, isBounded: false)
            publishing.wakeUp.signal()
        } catch {
            mailbox.finish(error)
        }
    }
}
