import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(20)))
struct EventTests {
    /// Every subscriber gets what its topics match, in order, with the topic.
    @Test(arguments: BusFactory.all)
    func subscribersGetWhatTheirTopicsMatch(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let root = await scene.name("topic")
            let patterns: [([String], Set<Int>)] = [
                (["\(root).account.created"], [0]),
                (["\(root).account.*"], [0, 1]),
                (["\(root).#"], [0, 1, 2, 3, 4]),
                (["\(root).*.#"], [0, 1, 2, 3]),
                (["\(root).#.created"], [0, 3]),
                (["\(root).*.created", "\(root).account.created", "\(root).account.#"], [0, 1]),
                (["\(root).*.*.*"], [3]),
                (["\(root)"], [4]),
                ([], []),
            ]
            let words = ["account.created", "account.deleted", "stream", "a.b.created"]
            let topics = words.map { "\(root).\($0)" } + [root]
            var subscriptions: [any EventSubscription] = []
            for (patterns, _) in patterns {
                subscriptions.append(
                    try await bus.subscribe(await scene.name(), topics: patterns, exclusive: false))
            }
            for (number, topic) in topics.enumerated() { try await bus.publishEvent(topic: topic, payload(number)) }
            for (subscription, (_, expected)) in zip(subscriptions, patterns) {
                let deliveries = try await subscription.receive(expected.count)
                #expect(deliveries.map(\.payload.number) == expected.sorted())
                for delivery in deliveries {
                    #expect(delivery.topic == delivery.payload.number.map { topics[$0] })
                    #expect(!delivery.redelivered)
                }
                try await subscription.expectSilence()
            }
        }
    }

    /// A durable subscriber gets what was published while it was away, by its own hand or by losing its connection.
    @Test(arguments: BusFactory.all, Departure.allCases)
    func durableSubscriberMissesNothing(factory: BusFactory, departure: Departure) async throws {
        try await factory.run { scene in
            let (bus, other) = (try await scene.client(), try await scene.client())
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            // Before the first subscription nobody is interested, which is no error.
            try await bus.publishEvent(topic: topic, payload(0))
            var subscription: (any EventSubscription)? = try await other.subscribe(
                subscriber, topics: [topic], exclusive: false)
            for number in 1...3 { try await bus.publishEvent(topic: topic, payload(number)) }
            let deliveries = try await #require(subscription).receive(3)
            #expect(deliveries.map(\.payload.number) == [1, 2, 3])
            subscription?.acknowledge(deliveries[0].tag)
            // Its settlement has arrived once a later answer of the same client has.
            _ = try await other.declareQueue(await scene.name(), QueueOptions())
            switch departure {
            case .close: await subscription?.close()
            case .drop: subscription = nil
            case .shutdown: await other.shutdown()
            }
            for number in 4...5 { try await bus.publishEvent(topic: topic, payload(number)) }
            let again = try await bus.subscribe(subscriber, topics: [topic], exclusive: false)
            #expect(try await again.receiveNumbers(4) == [2, 3, 4, 5])
            try await again.expectSilence()
        }
    }

    /// Two processes of one service share the subscriber; by default one of them gets everything, in order.
    @Test(arguments: BusFactory.all, [true, false])
    func processesOfOneServiceShareItsEvents(factory: BusFactory, singleActiveConsumer: Bool) async throws {
        try await factory.run { scene in
            let (bus, other) = (try await scene.client(), try await scene.client())
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            let options = SubscriptionOptions(singleActiveConsumer: singleActiveConsumer)
            let first = try await bus.subscribe(subscriber, topics: [topic], options)
            let second = try await other.subscribe(subscriber, topics: [topic], options)
            for number in 0..<6 { try await bus.publishEvent(topic: topic, payload(number)) }
            if singleActiveConsumer {
                #expect(try await first.receiveNumbers(6) == Array(0..<6))
                try await second.expectSilence()
                await first.close()
                #expect(try await second.receiveNumbers(6) == Array(0..<6))
            } else {
                #expect(try await first.receiveNumbers(3) == [0, 2, 4])
                #expect(try await second.receiveNumbers(3) == [1, 3, 5])
            }
            await #expect(throws: BusError.declaredDifferently(subscriber)) {
                _ = try await bus.subscribe(
                    subscriber, topics: [], SubscriptionOptions(singleActiveConsumer: !singleActiveConsumer))
            }
        }
    }

    @Test(arguments: BusFactory.all)
    func topicsComeAndGo(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let root = await scene.name("topic")
            let subscription = try await bus.subscribe(await scene.name(), topics: ["\(root).a"], exclusive: true)
            try await subscription.addTopics(["\(root).b", "\(root).b", "\(root).*.c"])
            try await bus.publishEvent(topic: "\(root).a", payload(0))
            try await bus.publishEvent(topic: "\(root).b", payload(1))
            try await bus.publishEvent(topic: "\(root).x.c", payload(2))
            try await subscription.removeTopics(["\(root).a", "\(root).*.c", "\(root).never"])
            try await bus.publishEvent(topic: "\(root).a", payload(3))
            try await bus.publishEvent(topic: "\(root).x.c", payload(4))
            try await bus.publishEvent(topic: "\(root).b", payload(5))
            #expect(try await subscription.receiveNumbers(4) == [0, 1, 2, 5])
            try await subscription.expectSilence()
        }
    }

    /// The topics of a durable subscriber add up over its subscriptions.
    @Test(arguments: BusFactory.all)
    func topicsOfADurableSubscriberAddUp(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (root, subscriber) = (await scene.name("topic"), await scene.name())
            try await bus.subscribe(subscriber, topics: ["\(root).a"], exclusive: false).close()
            let subscription = try await bus.subscribe(subscriber, topics: ["\(root).b"], exclusive: false)
            try await bus.publishEvent(topic: "\(root).a", payload(0))
            try await bus.publishEvent(topic: "\(root).b", payload(1))
            #expect(try await subscription.receiveNumbers(2) == [0, 1])
        }
    }

    /// An exclusive subscriber is one subscription's own, and goes with it.
    @Test(arguments: BusFactory.all, Departure.allCases)
    func exclusiveSubscriberGoesWithItsSubscription(factory: BusFactory, departure: Departure) async throws {
        try await factory.run { scene in
            let (bus, other) = (try await scene.client(), try await scene.client())
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            var subscription: (any EventSubscription)? = try await other.subscribe(
                subscriber, topics: [topic], exclusive: true)
            for client in [bus, other] {
                await #expect(throws: BusError.exclusive(subscriber)) {
                    _ = try await client.subscribe(subscriber, topics: [topic], exclusive: true)
                }
                await #expect(throws: BusError.exclusive(subscriber)) {
                    _ = try await client.consume(subscriber, prefetch: 1)
                }
                await #expect(throws: BusError.exclusive(subscriber)) { try await client.deleteQueue(subscriber) }
            }
            try await bus.publishEvent(topic: topic, payload(1))
            #expect(try await #require(subscription).receive().payload.number == 1)

            switch departure {
            case .close: await subscription?.close()
            case .drop: subscription = nil
            case .shutdown: await other.shutdown()
            }
            try await eventually {
                do {
                    _ = try await bus.consume(subscriber, prefetch: 1)
                } catch BusError.noSuchQueue {
                    return true
                } catch BusError.exclusive {}
                return false
            }
            try await bus.publishEvent(topic: topic, payload(2))
            let fresh = try await bus.subscribe(subscriber, topics: [topic], exclusive: true)
            try await bus.publishEvent(topic: topic, payload(3))
            #expect(try await fresh.receive().payload.number == 3)
        }
    }

    /// A slow exclusive subscriber loses its oldest events and holds up nobody.
    @Test(arguments: BusFactory.all)
    func exclusiveSubscriberDropsItsOldestEvents(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let topic = await scene.name("topic")
            let slow = try await bus.subscribe(
                await scene.name(), topics: [topic],
                SubscriptionOptions(exclusive: true, prefetch: 2, maximumMessages: 3))
            for number in 0..<10 { try await bus.publishEvent(topic: topic, payload(number)) }
            let held = try await slow.receive(2)
            #expect(held.map(\.payload.number) == [0, 1])
            slow.acknowledge(through: held[1].tag)
            #expect(try await slow.receiveNumbers(2) == [7, 8])
        }
    }

    /// A durable subscriber that is full makes the publisher try again; the others have the event.
    @Test(arguments: BusFactory.all)
    func fullDurableSubscriberRefuses(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            let other = try await bus.subscribe(await scene.name(), topics: [topic], exclusive: false)
            let options = SubscriptionOptions(prefetch: 1, maximumMessages: 10)
            try await bus.subscribe(subscriber, topics: [topic], options).close()
            // One more than the limit may be taken.
            var count = 0
            while count <= 11, try await isTaken(payload(count), topic: topic, by: bus) { count += 1 }
            #expect((10...11).contains(count))

            let late = try await bus.subscribe(subscriber, topics: [], options)
            for number in 0..<6 {
                let delivery = try await late.receive()
                #expect(delivery.payload.number == number)
                late.acknowledge(delivery.tag)
            }
            try await eventually { try await isTaken(payload(99), topic: topic, by: bus) }
            var numbers: [Int?] = []
            while numbers.last != 99 {
                let delivery = try await late.receive()
                numbers.append(delivery.payload.number)
                late.acknowledge(delivery.tag)
            }
            #expect(numbers == Array(6..<count) + [99])
            // The other one has at least what was taken, in order, though the refused ones as well.
            let seen = try await other.receive(count + 2).compactMap(\.payload.number)
            #expect(seen.prefix(count + 1) == Array(0...count)[...])
        }
    }

    /// Whether a durable subscriber had room for the event.
    private func isTaken(_ event: ByteBuffer, topic: String, by bus: any MessageBus) async throws -> Bool {
        do {
            try await bus.publishEvent(topic: topic, event)
            return true
        } catch BusError.full {
            // A broker need not say whose queue it is.
            return false
        }
    }

    /// An event that a subscriber rejects time and again ends in its dead-letter queue, and no other one does.
    @Test(arguments: BusFactory.all)
    func poisonousEventEndsInTheDeadLetterQueue(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            let subscription = try await bus.subscribe(
                subscriber, topics: [topic], SubscriptionOptions(prefetch: 1, maximumRequeues: 3))
            for number in 0..<3 { try await bus.publishEvent(topic: topic, payload(number)) }
            var seen: [Int?] = []
            while seen.last != 2 {
                let delivery = try await subscription.receive()
                seen.append(delivery.payload.number)
                if delivery.payload.number == 1 {
                    subscription.reject(delivery.tag, requeue: true)
                } else {
                    subscription.acknowledge(delivery.tag)
                }
            }
            #expect(seen == [0, 1, 1, 1, 1, 2])

            let deadLetters = try await bus.consume(SubscriptionOptions.deadLetterQueue(of: subscriber), prefetch: 10)
            let dead = try await deadLetters.receive()
            #expect(dead.payload.number == 1 && dead.topic == topic && !dead.redelivered)

            // Without requeue it goes there at once.
            try await bus.publishEvent(topic: topic, payload(4))
            subscription.reject(try await subscription.receive().tag, requeue: false)
            #expect(try await deadLetters.receive().payload.number == 4)
            try await subscription.expectSilence()
            try await deadLetters.expectSilence()
        }
    }

    @Test(arguments: BusFactory.all)
    func deletionOfASubscriberEndsIt(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (topic, subscriber) = (await scene.name("topic"), await scene.name())
            let subscription = try await bus.subscribe(subscriber, topics: [topic], exclusive: false)
            try await bus.deleteQueue(subscriber)
            await #expect(throws: BusError.noSuchQueue(subscriber)) {
                try await within { try await subscription.next() }
            }
            await #expect(throws: BusError.noSuchQueue(subscriber)) { try await subscription.addTopics(["a"]) }
            try await bus.publishEvent(topic: topic, payload(1))
            let fresh = try await bus.subscribe(subscriber, topics: ["\(topic).other"], exclusive: false)
            try await bus.publishEvent(topic: topic, payload(2))
            try await fresh.expectSilence()
        }
    }

    /// Events sent without waiting arrive as well, in order.
    @Test(arguments: BusFactory.all)
    func eventsAreSentWithoutWaiting(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let topic = await scene.name("topic")
            let subscription = try await bus.subscribe(await scene.name(), topics: [topic], exclusive: true)
            for number in 0..<50 { try bus.sendEvent(topic: topic, payload(number)) }
            for number in 0..<50 {
                let delivery = try await subscription.receive()
                #expect(delivery.payload.number == number)
                subscription.acknowledge(delivery.tag)
            }
        }
    }
}
