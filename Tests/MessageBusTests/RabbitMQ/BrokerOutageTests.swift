import MessageBus
import NIOCore
import Synchronization
import Testing

/// A broker that is killed, loses its data, or runs out of memory. It has no other clients, and one test at a time.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct BrokerOutageTests {
    private static let broker = Task { try await TestBroker() }
    private let logOptions = LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(600))

    /// Everything goes on after `kill -9` of the broker: what was declared and kept is there, what was sent meanwhile
    /// arrives in order, and what waited for a confirmation gets it.
    @Test func clientGoesOnAfterARestartOfTheBroker() async throws {
        let broker = try await Self.broker.value
        let states = Mutex<[RabbitMQConnectionState]>([])
        let bus = RabbitMQMessageBus(try configuration(broker)) { role, state in
            if role == .publishing { states.withLock { $0.append(state) } }
        }
        let (queue, log, subscriber) = (name("queue"), name("log"), name("subscriber"))
        try await bus.declareQueue(queue, QueueOptions(singleActiveConsumer: true))
        try await bus.declareLog(log, logOptions)
        let subscription = try await bus.subscribe(subscriber, topics: ["\(subscriber).#"], exclusive: false)
        let consumer = try await bus.consume(queue, prefetch: 10)
        for number in 0..<10 { try await bus.append(payload(number), to: log) }
        for number in 0..<3 { try await bus.publishEvent(topic: "\(subscriber).a", payload(number)) }
        let reader = try await bus.read(log, from: .end)
        #expect(try await reader.receive() == .caughtUp)

        // Of clients that declared nothing: as soon as the broker is back, it knows the log but is not there for it.
        let worker = RabbitMQMessageBus(try configuration(broker))
        let originHasLost = Mutex(false)
        let origin = RabbitMQMessageBus(try configuration(broker)) { role, state in
            if role == .consuming, case .lost = state { originHasLost.withLock { $0 = true } }
        }
        try await worker.append(payload(9), to: log)
        #expect(try await origin.read(log, from: .first).receiveAll().count == 11)
        // Until RabbitMQ has written down which quorum queues it has, a killed one forgets them: half a second.
        try await Task.sleep(for: .seconds(2))

        let restarting = Task { try await broker.restart() }
        await #expect(throws: BusError.self) { try await within { while try await consumer.next() != nil {} } }
        await #expect(throws: BusError.self) { try await within { while try await reader.next() != nil {} } }
        await #expect(throws: BusError.self) { try await within { while try await subscription.next() != nil {} } }
        // A reader that begins before its own connection has noticed ends with that, as those above.
        try await eventually { originHasLost.withLock { $0 } }
        for number in 0..<20 { try bus.send(payload(number), to: queue) }
        async let appended: Void = { for number in 10..<15 { try await worker.append(payload(number), to: log) } }()
        async let found = origin.read(log, from: .first).receiveAll().prefix(11).map(\.payload.number)
        try await restarting.value
        let up = ContinuousClock.now
        try await appended
        let recovery = ContinuousClock.now - up
        #expect(recovery < .seconds(30), "recovered after \(recovery)")
        #expect(try await found == Array(0..<10) + [9])

        let next = try await bus.consume(queue, prefetch: 100)
        #expect(try await next.receiveNumbers(20) == Array(0..<20))
        let replay = try await bus.read(log, from: .first)
        #expect(try await replay.receiveAll().map(\.payload.number) == Array(0..<10) + [9] + Array(10..<15))
        await worker.shutdown()
        await origin.shutdown()
        let again = try await bus.subscribe(subscriber, topics: [], exclusive: false)
        #expect(try await again.receiveNumbers(3) == [0, 1, 2])
        for number in 0..<500 { try await bus.publish(payload(number), to: queue) }
        let seen = states.withLock { $0 }
        let lost = try #require(seen.firstIndex { if case .lost = $0 { true } else { false } })
        #expect(seen[..<lost].contains(.connected) && seen[lost...].contains(.connected))
        try await clean(bus, queue, log, subscriber)
    }

    /// Queues, logs, subscribers and their topics are declared again by the client, before it sends what waited.
    @Test func clientDeclaresAgainWhatTheBrokerLost() async throws {
        let broker = try await Self.broker.value
        let bus = RabbitMQMessageBus(try configuration(broker))
        let (queue, log, subscriber) = (name("queue"), name("log"), name("subscriber"))
        let options = QueueOptions(singleActiveConsumer: true, expires: .seconds(60))
        try await bus.declareQueue(queue, options)
        try await bus.declareLog(log, logOptions)
        let subscription = try await bus.subscribe(subscriber, topics: ["\(subscriber).a"], exclusive: false)
        try await subscription.addTopics(["\(subscriber).b", "\(subscriber).c"])
        try await subscription.removeTopics(["\(subscriber).c"])

        try await bus.append(payload(9), to: log)
        let restarting = Task { try await broker.restart(losingData: true) }
        await #expect(throws: BusError.self) { try await within { while try await subscription.next() != nil {} } }
        for number in 0..<5 { try bus.send(payload(number), to: queue) }
        async let appended: Void = bus.append(payload(0), to: log)
        async let published: Void = bus.publishEvent(topic: "\(subscriber).b", payload(1))
        async let ignored: Void = bus.publishEvent(topic: "\(subscriber).c", payload(2))
        try await restarting.value
        _ = try await (appended, published, ignored)
        // Another client finds it all.
        let other = RabbitMQMessageBus(try configuration(broker))
        let consumer = try await other.consume(queue, prefetch: 10)
        #expect(try await consumer.receiveNumbers(5) == Array(0..<5))
        let reader = try await other.read(log, from: .first)
        #expect(try await reader.receiveAll().map(\.payload.number) == [0])
        let again = try await other.subscribe(subscriber, topics: [], exclusive: false)
        #expect(try await again.receiveNumbers(1) == [1])
        try await again.expectSilence()
        await other.shutdown()
        try await clean(bus, queue, log, subscriber)
    }

    /// A broker that runs out of memory holds up who publishes, and nobody who consumes.
    @Test func blockedConnectionHoldsPublishersOnly() async throws {
        let broker = try await Self.broker.value
        let bus = RabbitMQMessageBus(try configuration(broker))
        let queue = name("queue")
        try await bus.declareQueue(queue, QueueOptions())
        for number in 0..<10 { try await bus.publish(payload(number), to: queue) }
        let consumer = try await bus.consume(queue, prefetch: 4)
        _ = try await broker.control("set_vm_memory_high_watermark", "0")
        // It tells a connection of it at the next thing that is published there.
        let held = Task { try await bus.publish(payload(10), to: queue) }
        try await eventually {
            if case .blocked? = bus.connectionStates[.publishing] { true } else { false }
        }
        // Acknowledgements are still taken: otherwise no more than the prefetch would come.
        for number in 0..<10 {
            let delivery = try await consumer.receive()
            #expect(delivery.payload.number == number)
            consumer.acknowledge(delivery.tag)
        }
        #expect(try await bus.declareQueue(queue, QueueOptions()).consumers == 1)
        try bus.send(payload(11), to: queue)
        _ = try await broker.control("set_vm_memory_high_watermark", "absolute", "512MB")
        try await within { try await held.value }
        #expect(try await consumer.receiveNumbers(2) == [10, 11])
        #expect(bus.connectionStates[.publishing] == .connected)
        try await bus.deleteQueue(queue)
        await bus.shutdown()
    }

    // MARK: -

    private func configuration(_ broker: TestBroker) throws -> RabbitMQConfiguration {
        var configuration = try RabbitMQConfiguration(url: broker.url)
        // A restart takes as long as the machine lets it.
        configuration.outageTolerance = .seconds(120)
        configuration.operationTimeout = .seconds(60)
        return configuration
    }

    private func name(_ subject: String) -> String { "\(subject).\(UInt64.random(in: .min ... .max))" }

    private func clean(_ bus: RabbitMQMessageBus, _ queue: String, _ log: String, _ subscriber: String) async throws {
        for queue in [queue, subscriber, SubscriptionOptions.deadLetterQueue(of: subscriber)] {
            try await bus.deleteQueue(queue)
        }
        try await bus.deleteLog(log)
        await bus.shutdown()
    }
}
