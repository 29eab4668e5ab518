import MessageBus
import NIOCore
import Testing

/// How a consumer goes.
enum Departure: CaseIterable, Sendable {
    /// It closes its channel.
    case close
    /// Nobody holds it any longer.
    case drop
    /// Its client loses the connection, and with it all its consumers.
    case shutdown
}

/// The queue of a single active consumer as the buffer of a failover.
@Suite(.timeLimit(.minutes(20)))
struct FailoverTests {
    private let options = QueueOptions(singleActiveConsumer: true)

    /// The standby gets all that was not acknowledged, in order and marked, then what is new.
    @Test(arguments: BusFactory.all, Departure.allCases)
    func standbyTakesOverInOrder(factory: BusFactory, departure: Departure) async throws {
        try await factory.run { scene in
            let (publisher, first) = (try await scene.client(), try await scene.client())
            let queue = await scene.name()
            try await publisher.declareQueue(queue, options)
            var active: (any QueueConsumer)? = try await first.consume(queue, prefetch: 100)
            let standby = try await publisher.consume(queue, prefetch: 100)
            for number in 0..<50 { try await publisher.publish(payload(number), to: queue) }
            let deliveries = try await #require(active).receive(50)
            try await standby.expectSilence()
            active?.acknowledge(through: deliveries[19].tag)

            switch departure {
            case .close: await active?.close()
            case .drop: active = nil
            case .shutdown: await first.shutdown()
            }
            try await publisher.publish(payload(50), to: queue)
            let taken = try await standby.receive(31)
            #expect(taken.map(\.payload.number) == Array(20...50))
            #expect(taken.prefix(30).map(\.redelivered) == Array(repeating: true, count: 30))
            // The new one may have been handed to a dropped consumer while the broker learnt of that.
            if departure != .drop { #expect(!taken[30].redelivered) }
            try await standby.expectSilence()
            // Whatever the lost one says is void.
            if let active {
                active.acknowledge(through: deliveries[49].tag)
                active.reject(deliveries[30].tag, requeue: true)
                #expect(try await within { try await active.next() } == nil)
            }
            try await standby.expectSilence()
        }
    }

    /// What the lost consumer had been handed without taking it comes again as well.
    @Test(arguments: BusFactory.all)
    func deliveriesThatNobodyTookComeAgain(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, options)
            let active = try await bus.consume(queue, prefetch: 4)
            for number in 0..<10 { try await bus.publish(payload(number), to: queue) }
            #expect(try await active.receiveNumbers(2) == [0, 1])
            await active.close()
            let next = try await bus.consume(queue, prefetch: 100)
            #expect(try await next.receiveNumbers(10) == Array(0..<10))
        }
    }

    /// Those who wait take over in the order in which they came.
    @Test(arguments: BusFactory.all)
    func standbysTakeOverInTheOrderOfTheirRegistration(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, options)
            var consumers: [any QueueConsumer] = []
            for _ in 0..<4 { consumers.append(try await bus.consume(queue, prefetch: 10)) }
            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            // One of the middle leaves without ever having been active.
            await consumers.remove(at: 2).close()
            while !consumers.isEmpty {
                let active = consumers.removeFirst()
                #expect(try await active.receiveNumbers(3) == [0, 1, 2])
                for standby in consumers { try await standby.expectSilence() }
                await active.close()
            }
            #expect(try await bus.declareQueue(queue, options).readyMessages == 3)
        }
    }

    /// A full prefetch does not make the standby active.
    @Test(arguments: BusFactory.all)
    func standbyGetsNothingWhileTheActiveOneIsFull(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, options)
            let active = try await bus.consume(queue, prefetch: 2)
            let standby = try await bus.consume(queue, prefetch: 10)
            for number in 0..<5 { try await bus.publish(payload(number), to: queue) }
            let held = try await active.receive(2)
            try await standby.expectSilence()
            active.acknowledge(held[0].tag)
            #expect(try await active.receive().payload.number == 2)
            try await standby.expectSilence()
            await active.close()
            #expect(try await standby.receiveNumbers(4) == [1, 2, 3, 4])
        }
    }

    /// The pre-roll goes back into a queue that has filled meanwhile: limits are for what is published.
    @Test(arguments: BusFactory.all)
    func limitsDropNothingThatIsRequeued(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            let limited = QueueOptions(singleActiveConsumer: true, maximumMessages: 10)
            try await bus.declareQueue(queue, limited)
            let active = try await bus.consume(queue, prefetch: 30)
            for number in 0..<30 {
                try await bus.publish(payload(number), to: queue)
                // Only what waits is counted: let each be delivered.
                _ = try await active.receive()
            }
            for number in 30..<40 { try await bus.publish(payload(number), to: queue) }
            await #expect(throws: BusError.full(queue)) { try await bus.publish(payload(40), to: queue) }
            await active.close()
            #expect(try await bus.declareQueue(queue, limited).readyMessages == 40)
            await #expect(throws: BusError.full(queue)) { try await bus.publish(payload(41), to: queue) }
            let next = try await bus.consume(queue, prefetch: 100)
            #expect(try await next.receiveNumbers(40) == Array(0..<40))
            try await bus.publish(payload(42), to: queue)
            #expect(try await next.receive().payload.number == 42)
        }
    }

    /// A worker that dies over and over loses nothing and changes no order.
    @Test(arguments: BusFactory.all)
    func manyTakeoversKeepTheOrder(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, options)
            for number in 0..<60 { try await bus.publish(payload(number), to: queue) }
            var acknowledged = 0
            while acknowledged < 60 {
                let consumer = try await bus.consume(queue, prefetch: 20)
                let count = min(20, 60 - acknowledged)
                let deliveries = try await consumer.receive(count)
                #expect(deliveries.map(\.payload.number) == Array(acknowledged..<(acknowledged + count)))
                consumer.acknowledge(through: deliveries[min(6, count - 1)].tag)
                acknowledged += min(7, count)
                await consumer.close()
            }
            #expect(try await bus.declareQueue(queue, options).readyMessages == 0)
        }
    }
}
