import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(20)))
struct QueueDeclarationTests {
    /// The answer to a declaration counts what waits and who consumes, the standby included.
    @Test(arguments: BusFactory.all)
    func declarationTellsHowTheQueueStands(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            let options = QueueOptions(singleActiveConsumer: true)
            let empty = try await bus.declareQueue(queue, options)
            #expect(empty.readyMessages == 0 && empty.consumers == 0)

            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            let filled = try await bus.declareQueue(queue, options)
            #expect(filled.readyMessages == 3 && filled.consumers == 0)

            let active = try await bus.consume(queue, prefetch: 2)
            let standby = try await bus.consume(queue, prefetch: 2)
            _ = try await active.receive(2)
            let consumed = try await bus.declareQueue(queue, options)
            #expect(consumed.readyMessages == 1 && consumed.consumers == 2)

            await standby.close()
            await active.close()
            let left = try await bus.declareQueue(queue, options)
            #expect(left.readyMessages == 3 && left.consumers == 0)
        }
    }

    @Test(arguments: BusFactory.all)
    func declarationWithOtherOptionsIsRefused(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions(maximumMessages: 10))
            await #expect(throws: BusError.declaredDifferently(queue)) {
                try await bus.declareQueue(queue, QueueOptions(maximumMessages: 11))
            }
            // The refusal harms nothing.
            try await bus.publish(payload(1), to: queue)
            #expect(try await bus.declareQueue(queue, QueueOptions(maximumMessages: 10)).readyMessages == 1)
        }
    }

    @Test(arguments: BusFactory.all)
    func queuesLogsAndSubscribersShareOneNameSpace(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            let logOptions = LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(60))
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            await #expect(throws: BusError.declaredDifferently(queue)) { try await bus.declareLog(queue, logOptions) }
            await #expect(throws: BusError.declaredDifferently(log)) {
                try await bus.declareQueue(log, QueueOptions())
            }
            await #expect(throws: BusError.declaredDifferently(queue)) {
                _ = try await bus.subscribe(queue, topics: [], exclusive: false)
            }
            await #expect(throws: BusError.declaredDifferently(log)) {
                _ = try await bus.subscribe(log, topics: [], exclusive: false)
            }
        }
    }

    /// What is published to a missing queue is lost without a word unless the broker is asked to say so.
    @Test(arguments: BusFactory.all)
    func missingQueueIsAnError(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            await #expect(throws: BusError.noSuchQueue(queue)) { try await bus.publish(payload(1), to: queue) }
            await #expect(throws: BusError.noSuchQueue(queue)) { _ = try await bus.consume(queue, prefetch: 1) }
            // A `send` may only learn it from the answer to an earlier one.
            try await eventually {
                do throws(BusError) {
                    try bus.send(payload(1), to: queue)
                    return false
                } catch {
                    #expect(error == .noSuchQueue(queue))
                    return true
                }
            }
            // Once it is declared, sending works again.
            try await bus.declareQueue(queue, QueueOptions())
            try await eventually {
                do throws(BusError) { try bus.send(payload(2), to: queue) } catch { return false }
                return true
            }
        }
    }

    @Test(arguments: BusFactory.all)
    func deletionEndsConsumersAndDropsMessages(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let consumer = try await bus.consume(queue, prefetch: 10)
            async let waiting = Result<Delivery?, BusError>.of { try await within { try await consumer.next() } }
            try await Task.sleep(for: .milliseconds(50))
            try await bus.deleteQueue(queue)
            #expect(await waiting == .failure(.noSuchQueue(queue)))
            await #expect(throws: BusError.noSuchQueue(queue)) { try await within { try await consumer.next() } }

            // A new queue of this name has nothing to do with the old consumer.
            try await bus.deleteQueue(queue)
            #expect(try await bus.declareQueue(queue, QueueOptions()).consumers == 0)
            try await bus.publish(payload(1), to: queue)
            await #expect(throws: BusError.noSuchQueue(queue)) { try await within { try await consumer.next() } }
            #expect(try await bus.declareQueue(queue, QueueOptions()).readyMessages == 1)
        }
    }

    @Test(arguments: BusFactory.all)
    func valuesThatNoBrokerTakesAreRefused(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            let long = String(repeating: "ä", count: 128)
            for name in ["", "amq.queue", long] {
                await #expect(throws: BusError.invalidName(name)) {
                    try await bus.declareQueue(name, QueueOptions())
                }
                await #expect(throws: BusError.invalidName(name)) {
                    try await bus.declareLog(name, LogOptions(maximumBytes: 1000, minimumAge: .seconds(1)))
                }
                await #expect(throws: BusError.invalidName(name)) {
                    _ = try await bus.subscribe(name, topics: [], exclusive: true)
                }
            }
            await #expect(throws: BusError.invalidName(long)) { try await bus.publishEvent(topic: long, payload(1)) }
            await #expect(throws: BusError.invalidOption("expires")) {
                try await bus.declareQueue(queue, QueueOptions(expires: .zero))
            }
            await #expect(throws: BusError.invalidOption("messageTimeToLive")) {
                try await bus.declareQueue(queue, QueueOptions(messageTimeToLive: .microseconds(1)))
            }
            await #expect(throws: BusError.invalidOption("maximumBytes")) {
                try await bus.declareQueue(queue, QueueOptions(maximumBytes: 0))
            }
            try await bus.declareQueue(queue, QueueOptions())
            for prefetch in [-1, 0, 65_536] {
                await #expect(throws: BusError.invalidOption("prefetch")) {
                    _ = try await bus.consume(queue, prefetch: prefetch)
                }
            }
        }
    }
}

extension Result where Failure == BusError, Success: Sendable {
    /// What came of it; anything but a `BusError` is recorded as an issue and looks like a lost connection.
    static func of(_ operation: () async throws -> Success) async -> Self {
        do {
            return .success(try await operation())
        } catch let error as BusError {
            return .failure(error)
        } catch {
            Issue.record(error)
            return .failure(.disconnected("\(error)"))
        }
    }
}
