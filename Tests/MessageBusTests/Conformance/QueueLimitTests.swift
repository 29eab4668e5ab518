import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(20)))
struct QueueLimitTests {
    /// A full queue refuses the new message and keeps the old ones.
    @Test(arguments: BusFactory.all)
    func fullQueueRefuses(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions(maximumMessages: 3))
            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            await #expect(throws: BusError.full(queue)) { try await bus.publish(payload(3), to: queue) }
            try await eventually {
                do throws(BusError) {
                    try bus.send(payload(4), to: queue)
                    return false
                } catch {
                    #expect(error == .full(queue))
                    return true
                }
            }
            let consumer = try await bus.consume(queue, prefetch: 10)
            #expect(try await consumer.receiveNumbers(3) == [0, 1, 2])
            // Delivered messages do not count.
            try await bus.publish(payload(5), to: queue)
            #expect(try await consumer.receive().payload.number == 5)
        }
    }

    @Test(arguments: BusFactory.all)
    func bytesAreLimited(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions(maximumBytes: 10_000))
            await #expect(throws: BusError.full(queue)) {
                try await bus.publish(ByteBuffer(repeating: 0, count: 10_001), to: queue)
            }
            for _ in 0..<4 { try await bus.publish(ByteBuffer(repeating: 0, count: 2400), to: queue) }
            await #expect(throws: BusError.full(queue)) {
                try await bus.publish(ByteBuffer(repeating: 0, count: 401), to: queue)
            }
            try await bus.publish(ByteBuffer(repeating: 0, count: 400), to: queue)
            let consumer = try await bus.consume(queue, prefetch: 1)
            _ = try await consumer.receive()
            try await bus.publish(ByteBuffer(repeating: 0, count: 2400), to: queue)
        }
    }

    @Test(arguments: BusFactory.all)
    func messagesExpireWhileTheyWait(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            let options = QueueOptions(messageTimeToLive: .milliseconds(400))
            try await bus.declareQueue(queue, options)
            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            try await eventually { try await bus.declareQueue(queue, options).readyMessages == 0 }
            let consumer = try await bus.consume(queue, prefetch: 10)
            try await bus.publish(payload(3), to: queue)
            #expect(try await consumer.receive().payload.number == 3)
            try await consumer.expectSilence()
        }
    }

    /// The time to live goes on while a consumer holds a message: what is too old when it is requeued is gone.
    @Test(arguments: BusFactory.all)
    func requeueExpiresWhatIsTooOld(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(
                queue, QueueOptions(singleActiveConsumer: true, messageTimeToLive: .seconds(4)))
            let active = try await bus.consume(queue, prefetch: 10)
            for number in 0..<3 { try await bus.publish(payload(number), to: queue) }
            _ = try await active.receive(3)
            try await Task.sleep(for: .seconds(4.1))
            let standby = try await bus.consume(queue, prefetch: 10)
            try await bus.publish(payload(3), to: queue)
            #expect(try await active.receive().payload.number == 3)
            await active.close()
            let delivery = try await standby.receive()
            #expect(delivery.payload.number == 3 && delivery.redelivered)
            try await standby.expectSilence()
        }
    }

    /// Only a declaration or a consumer keeps a queue; what is published to it does not.
    @Test(arguments: BusFactory.all)
    func unusedQueueExpires(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions(expires: .seconds(2)))
            try await bus.publish(payload(1), to: queue)
            try await eventually {
                do {
                    try await bus.publish(payload(2), to: queue)
                    return false
                } catch BusError.noSuchQueue {
                    return true
                }
            }
            #expect(try await bus.declareQueue(queue, QueueOptions(expires: .seconds(60))).readyMessages == 0)
        }
    }

    @Test(arguments: BusFactory.all)
    func declarationsAndConsumersKeepAQueue(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            let options = QueueOptions(expires: .seconds(4))
            try await bus.declareQueue(queue, options)
            try await bus.publish(payload(1), to: queue)
            for _ in 0..<9 {
                try await Task.sleep(for: .milliseconds(500))
                #expect(try await bus.declareQueue(queue, options).readyMessages == 1)
            }
            let consumer = try await bus.consume(queue, prefetch: 1)
            try await Task.sleep(for: .seconds(4.2))
            #expect(try await consumer.receive().payload.number == 1)
            await consumer.close()
            // It was in use until just now.
            #expect(try await bus.declareQueue(queue, options).readyMessages == 1)
        }
    }
}
