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
        let answer = Answer<Void>()
        try publish(payload, to: .log(log), concern: .answer(answer))
        try await answer.value()
    }

    public func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        try checkRunning()
        guard (1...BusValidation.maximumNameBytes).contains(log.utf8.count) else { throw BusError.noSuchLog(log) }
        if case .after(let entry) = start, try await newestOffset(of: log) <= entry.offset.number {
            throw BusError.otherLog(log)
        }
        let result = try await consuming.perform(within: configuration.operationTimeout) {
            [self] (session, answer: Answer<Result<RabbitMQReader, ChannelEndError>>) in
            let (mailbox, owner) = (Mailbox<ReadItem>(), self.newOwner())
            let marker = String(UInt64.random(in: .min ... .max), radix: 36)
            let channel = session.open { [weak self] session, number in
                ReaderChannel(
                    session, number: number, log: log, from: start, mailbox, marker: marker
                ) { self?.appendMarker(marker, to: log, of: mailbox, $0) }
            }
            guard let channel else {
                return answer.settle(.success(.failure(ChannelEndError(end: .refused(.noChannel)))))
            }
            session.own(channel, as: owner)
            // The broker answers `consume` before it has placed the reader. It looks at the next request after that:
            // what is appended once that is answered is read.
            let requests: [AMQPRequest] = [
                .limitPrefetch(ReaderChannel.prefetch),
                .consume(queue: log, arguments: ["x-stream-offset": start.streamOffset]),
                .limitPrefetch(ReaderChannel.prefetch),
            ]
            channel.request(all: requests) { [weak channel] result in
                let reader = result.map { _ in RabbitMQReader(self, self.consuming, id: owner, mailbox) }
                guard case .success = reader, let channel else { return answer.settle(.success(reader)) }
                channel.begin { error in answer.settle(error.map { .failure($0) } ?? .success(reader)) }
            }
        }
        // A queue that is no log takes no reader: precondition failed.
        return try result.mapError { $0.end.error(missing: .noSuchLog(log), different: .noSuchLog(log)) }.get()
    }

    /// Where the log ends, or nearly: the offset of an entry that was appended after this was called.
    private func newestOffset(of log: String) async throws -> UInt64 {
        let appended = Answer<Void>()
        let marker = OutgoingMessage(
            target: .log(log), properties: AMQPProperties(type: ReaderChannel.markerType), body: ByteBuffer(),
            concern: .answer(appended))
        _ = try outgoing.add(marker, isBounded: false)
        publishing.wakeUp.signal()
        try await appended.value()
        let result = try await consuming.perform(within: configuration.operationTimeout) {
            (session, answer: Answer<Result<UInt64, ChannelEndError>>) in
            guard let channel = session.open({ LastEntryChannel($0, number: $1, answer) }) else {
                return answer.settle(.success(.failure(ChannelEndError(end: .refused(.noChannel)))))
            }
            let requests: [AMQPRequest] = [
                .limitPrefetch(1), .consume(queue: log, arguments: ["x-stream-offset": .text("last")]),
            ]
            channel.request(all: requests) { result in
                if case .failure(let error) = result { answer.settle(.success(.failure(error))) }
            }
        }
        return try result.mapError { $0.end.error(missing: .noSuchLog(log), different: .noSuchLog(log)) }.get()
    }

    /// Is not held up by what else waits for the broker, except in time: whoever catches up must not be refused.
    private func appendMarker(
        _ marker: String, to log: String, of mailbox: Mailbox<ReadItem>,
        _ appended: @escaping @Sendable (BusError?) -> Void
    ) {
        let outcome: @Sendable (BusError?) -> Void = { error in
            if let error { mailbox.finish(error) }
            appended(error)
        }
        let message = OutgoingMessage(
            target: .log(log), properties: AMQPProperties(type: ReaderChannel.markerType, messageID: marker),
            body: ByteBuffer(), concern: .outcome(outcome))
        do throws(BusError) {
            _ = try outgoing.add(message, isBounded: false)
            publishing.wakeUp.signal()
        } catch {
            outcome(error)
        }
    }
}
