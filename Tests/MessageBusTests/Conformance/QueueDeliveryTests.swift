import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(20)))
struct QueueDeliveryTests {
    /// What is sent before and after the consumer comes arrives in order, once, and not as redelivered.
    @Test(arguments: BusFactory.all)
    func messagesArriveInOrder(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            for number in 0..<20 { try bus.send(payload(number), to: queue) }
            let consumer = try await bus.consume(queue, prefetch: 100)
            for number in 20..<40 { try bus.send(payload(number), to: queue) }
            try await eventually { consumer.waitingCount == 40 }
            let deliveries = try await consumer.receive(40)
            #expect(deliveries.map(\.payload.number) == Array(0..<40) && consumer.waitingCount == 0)
            #expect(deliveries.allSatisfy { !$0.redelivered && $0.topic == nil })
            #expect(deliveries.map(\.tag) == deliveries.map(\.tag).sorted())
            try await consumer.expectSilence()
        }
    }

    /// Payloads are bytes, none and many included.
    @Test(arguments: BusFactory.all)
    func payloadsArriveUnchanged(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let consumer = try await bus.consume(queue, prefetch: 1)
            for count in [0, 1, 255, 256, 5000, 131_072, 1_000_000] {
                let bytes = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
                try await bus.publish(bytes, to: queue)
                let delivery = try await consumer.receive()
                #expect(delivery.payload == bytes)
                consumer.acknowledge(delivery.tag)
            }
            // A piece of a larger buffer is that piece.
            var large = ByteBuffer(repeating: 1, count: 100_000)
            large.setInteger(UInt8(7), at: 50_000)
            try await bus.publish(try #require(large.getSlice(at: 50_000, length: 3)), to: queue)
            #expect(try await consumer.receive().payload == ByteBuffer(bytes: [7, 1, 1]))
        }
    }

    @Test(arguments: BusFactory.all)
    func competingConsumersAreDealtInTurn(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let consumers = [
                try await bus.consume(queue, prefetch: 10), try await bus.consume(queue, prefetch: 10),
                try await bus.consume(queue, prefetch: 10),
            ]
            for number in 0..<9 { try await bus.publish(payload(number), to: queue) }
            for (index, consumer) in consumers.enumerated() {
                #expect(try await consumer.receiveNumbers(3) == [index, index + 3, index + 6])
            }
        }
    }

    /// A consumer that acknowledges nothing is left out, and what it has is not for others.
    @Test(arguments: BusFactory.all)
    func prefetchBoundsWhatIsDelivered(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let slow = try await bus.consume(queue, prefetch: 2)
            for number in 0..<5 { try await bus.publish(payload(number), to: queue) }
            let first = try await slow.receive(2)
            #expect(first.map(\.payload.number) == [0, 1])
            try await slow.expectSilence()
            #expect(try await bus.declareQueue(queue, QueueOptions()).readyMessages == 3)

            slow.acknowledge(first[0].tag)
            #expect(try await slow.receive().payload.number == 2)
            try await slow.expectSilence()

            let free = try await bus.consume(queue, prefetch: 10)
            #expect(try await free.receiveNumbers(2) == [3, 4])
        }
    }

    @Test(arguments: BusFactory.all)
    func acknowledgementThroughATagSettlesAllBefore(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            for number in 0..<10 { try await bus.publish(payload(number), to: queue) }
            let consumer = try await bus.consume(queue, prefetch: 10)
            let deliveries = try await consumer.receive(10)
            consumer.acknowledge(deliveries[1].tag)
            consumer.acknowledge(through: deliveries[4].tag)
            consumer.acknowledge(deliveries[7].tag)
            // Settled ones may be settled again.
            consumer.acknowledge(deliveries[7].tag)
            consumer.acknowledge(through: deliveries[4].tag)
            consumer.reject(deliveries[1].tag, requeue: true)
            await consumer.close()
            let next = try await bus.consume(queue, prefetch: 10)
            #expect(try await next.receiveNumbers(4) == [5, 6, 8, 9])
            try await next.expectSilence()
        }
    }

    /// What is rejected with requeue comes again before all that waits, in its old order.
    @Test(arguments: BusFactory.all)
    func requeuedMessagesReturnToTheirPlace(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            for number in 0..<8 { try await bus.publish(payload(number), to: queue) }
            let holder = try await bus.consume(queue, prefetch: 6)
            let held = try await holder.receive(6)
            holder.acknowledge(held[2].tag)
            await holder.close()

            let consumer = try await bus.consume(queue, prefetch: 1)
            let first = try await consumer.receive()
            #expect(first.payload.number == 0 && first.redelivered)
            consumer.reject(first.tag, requeue: true)
            let again = try await consumer.receive()
            #expect(again.payload.number == 0 && again.redelivered)
            consumer.acknowledge(again.tag)
            for number in [1, 3, 4, 5, 6, 7] {
                let delivery = try await consumer.receive()
                #expect(delivery.payload.number == number)
                // The acknowledgement may have made room for message 6 before the holder closed.
                if number != 6 { #expect(delivery.redelivered == (number < 6)) }
                consumer.acknowledge(delivery.tag)
            }
            try await consumer.expectSilence()
        }
    }

    /// An offer that a worker cannot use goes to the one that can.
    @Test(arguments: BusFactory.all)
    func rejectedOffersReachTheOtherConsumer(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let busy = try await bus.consume(queue, prefetch: 1)
            let free = try await bus.consume(queue, prefetch: 10)
            let rejecting = Task {
                while let delivery = try await busy.next() { busy.reject(delivery.tag, requeue: true) }
            }
            for number in 0..<6 { try await bus.publish(payload(number), to: queue) }
            #expect(Set(try await free.receiveNumbers(6)) == Set(0..<6))
            await busy.close()
            try await rejecting.value
        }
    }

    @Test(arguments: BusFactory.all)
    func rejectionWithoutRequeueDropsTheMessage(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            let consumer = try await bus.consume(queue, prefetch: 1)
            let first = try await consumer.receive()
            consumer.reject(first.tag, requeue: false)
            let second = try await consumer.receive()
            #expect(second.payload.number == 1)
            await consumer.close()
            let next = try await bus.consume(queue, prefetch: 10)
            #expect(try await next.receiveNumbers(2) == [1, 2])
            try await next.expectSilence()
        }
    }

    /// Many publishers and consumers at once: what everybody acknowledges arrives exactly once, and each publisher's
    /// messages in order at a single consumer.
    @Test(arguments: BusFactory.all, [false, true])
    func everyMessageArrivesOnceUnderLoad(factory: BusFactory, singleActiveConsumer: Bool) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let other = try await scene.client()
            let queue = await scene.name()
            let options = QueueOptions(singleActiveConsumer: singleActiveConsumer)
            try await bus.declareQueue(queue, options)
            let (publishers, each) = (16, 100)
            let acknowledged = Tally()
            let received = try await within(.seconds(100)) {
                try await withThrowingTaskGroup(of: [Int].self) { group in
                    var consumers: [any QueueConsumer] = []
                    for index in 0..<16 {
                        let client = index.isMultiple(of: 2) ? bus : other
                        let consumer = try await client.consume(queue, prefetch: index + 1)
                        consumers.append(consumer)
                        group.addTask {
                            var numbers: [Int] = []
                            var rejections = 0
                            while let delivery = try await consumer.next() {
                                // Now and then a message takes a second way round.
                                if numbers.count % 7 == 6, rejections < 20, !singleActiveConsumer {
                                    rejections += 1
                                    consumer.reject(delivery.tag, requeue: true)
                                } else {
                                    numbers.append(try #require(delivery.payload.number))
                                    consumer.acknowledge(delivery.tag)
                                    await acknowledged.add()
                                }
                            }
                            return numbers
                        }
                    }
                    for publisher in 0..<publishers {
                        group.addTask {
                            for number in 0..<each {
                                try await other.publish(payload(publisher * each + number), to: queue)
                            }
                            return []
                        }
                    }
                    try await eventually { await acknowledged.count >= publishers * each }
                    // Time for what comes twice.
                    try await Task.sleep(for: silence)
                    for consumer in consumers { await consumer.close() }
                    return try await group.reduce(into: [[Int]]()) { $0.append($1) }
                }
            }
            let isComplete = received.flatMap(\.self).sorted() == Array(0..<(publishers * each))
            #expect(isComplete)
            if singleActiveConsumer {
                let numbers = try #require(received.max { $0.count < $1.count })
                for publisher in 0..<publishers {
                    let own = numbers.filter { $0 / each == publisher }
                    #expect(own == own.sorted() && own.count == each)
                }
            }
        }
    }
}
