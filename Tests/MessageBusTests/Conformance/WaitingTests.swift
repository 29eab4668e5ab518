import MessageBus
import NIOCore
import Testing

/// Who waits is answered by whatever happens: a message, the end, a shutdown, a cancellation.
@Suite(.timeLimit(.minutes(20)))
struct WaitingTests {
    private let logOptions = LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(60))

    @Test(arguments: BusFactory.all)
    func waitingConsumerAndReaderAreResumed(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            let consumer = try await bus.consume(queue, prefetch: 1)
            let reader = try await bus.read(log, from: .end)
            #expect(try await reader.receive() == .caughtUp)
            async let delivery = consumer.receive()
            async let entry = reader.receiveEntry()
            try await Task.sleep(for: .milliseconds(50))
            try bus.send(payload(1), to: queue)
            try await bus.append(payload(2), to: log)
            #expect(try await delivery.payload.number == 1)
            #expect(try await entry.payload.number == 2)
        }
    }

    /// Tasks that share a consumer or reader each get something else.
    @Test(arguments: BusFactory.all)
    func severalTasksShareAConsumerAndAReader(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            let consumer = try await bus.consume(queue, prefetch: 100)
            let reader = try await bus.read(log, from: .end)
            #expect(try await reader.receive() == .caughtUp)
            try await withThrowingTaskGroup(of: (Int?, Int?).self) { group in
                for _ in 0..<8 {
                    group.addTask { (try await consumer.receive().payload.number, nil) }
                    group.addTask { (nil, try await reader.receiveEntry().payload.number) }
                }
                for number in 0..<8 {
                    try await bus.publish(payload(number), to: queue)
                    try await bus.append(payload(number), to: log)
                }
                let pairs = try await group.reduce(into: []) { $0.append($1) }
                #expect(pairs.compactMap(\.0).sorted() == Array(0..<8))
                #expect(pairs.compactMap(\.1).sorted() == Array(0..<8))
            }
        }
    }

    @Test(arguments: BusFactory.all, [false, true])
    func closeAndShutdownEndWaitingWithNil(factory: BusFactory, shutdown: Bool) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            let consumer = try await bus.consume(queue, prefetch: 1)
            let standby = try await bus.consume(queue, prefetch: 1)
            let reader = try await bus.read(log, from: .first)
            let subscription = try await bus.subscribe(await scene.name(), topics: ["#.never"], exclusive: true)
            #expect(try await reader.receive() == .caughtUp)
            async let ends = within {
                async let first = consumer.next()
                async let second = standby.next()
                async let third = subscription.next()
                async let fourth = reader.next()
                return try await (first, second, third, fourth)
            }
            try await Task.sleep(for: .milliseconds(50))
            if shutdown {
                await bus.shutdown()
                await bus.shutdown()
            } else {
                for consumer in [consumer, standby, subscription] { await consumer.close() }
                await consumer.close()
                await reader.close()
            }
            let (first, second, third, fourth) = try await ends
            #expect(first == nil && second == nil && third == nil && fourth == nil)
            #expect(try await within { try await consumer.next() } == nil)
            #expect(try await within { try await reader.next() } == nil)
            await #expect(throws: BusError.shutDown) { try await reader.catchUp { _ in } }
        }
    }

    @Test(arguments: BusFactory.all)
    func everyCallAfterShutdownIsRefused(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            let subscription = try await bus.subscribe(await scene.name(), topics: [], exclusive: false)
            await bus.shutdown()
            await #expect(throws: BusError.shutDown) { try await bus.declareQueue(queue, QueueOptions()) }
            await #expect(throws: BusError.shutDown) { try await bus.deleteQueue(queue) }
            #expect(throws: BusError.shutDown) { try bus.send(payload(1), to: queue) }
            await #expect(throws: BusError.shutDown) { try await bus.publish(payload(1), to: queue) }
            await #expect(throws: BusError.shutDown) { _ = try await bus.consume(queue, prefetch: 1) }
            await #expect(throws: BusError.shutDown) { try await bus.declareLog(log, logOptions) }
            await #expect(throws: BusError.shutDown) { try await bus.deleteLog(log) }
            await #expect(throws: BusError.shutDown) { try await bus.append(payload(1), to: log) }
            await #expect(throws: BusError.shutDown) { _ = try await bus.read(log, from: .first) }
            await #expect(throws: BusError.shutDown) { try await bus.publishEvent(topic: "a", payload(1)) }
            #expect(throws: BusError.shutDown) { try bus.sendEvent(topic: "a", payload(1)) }
            await #expect(throws: BusError.shutDown) { _ = try await bus.subscribe("a", topics: [], exclusive: true) }
            await #expect(throws: BusError.shutDown) { try await subscription.addTopics(["a"]) }
            // What the others have is not touched.
            let other = try await scene.client()
            try await other.publish(payload(1), to: queue)
            try await other.append(payload(1), to: log)
        }
    }

    /// A cancelled wait ends at once, and neither it nor a race with an arriving message loses anything.
    @Test(arguments: BusFactory.all)
    func cancellationLosesNothing(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let (queue, log) = (await scene.name(), await scene.name())
            try await bus.declareQueue(queue, QueueOptions())
            try await bus.declareLog(log, logOptions)
            let consumer = try await bus.consume(queue, prefetch: 1000)
            let reader = try await bus.read(log, from: .end)
            #expect(try await reader.receive() == .caughtUp)
            for number in 0..<100 {
                let waitingConsumer = Task { try await consumer.next()?.payload.number }
                let waitingReader = Task { () -> Int? in
                    guard case .entry(let entry)? = try await reader.next() else { return nil }
                    return entry.payload.number
                }
                if number.isMultiple(of: 3) { await Task.yield() }
                let publishing = Task {
                    try bus.send(payload(number), to: queue)
                    try await bus.append(payload(number), to: log)
                }
                if number.isMultiple(of: 2) { await Task.yield() }
                waitingConsumer.cancel()
                waitingReader.cancel()
                try await publishing.value
                let delivered = try await within { try await self.ifNotCancelled { try await waitingConsumer.value } }
                let read = try await within { try await self.ifNotCancelled { try await waitingReader.value } }
                if let delivered {
                    #expect(delivered == number)
                } else {
                    #expect(try await consumer.receive().payload.number == number)
                }
                if let read { #expect(read == number) } else { #expect(try await reader.receiveNumbers(1) == [number]) }
            }
        }
    }

    /// A task that is cancelled already does not begin to wait.
    @Test(arguments: BusFactory.all)
    func cancelledTaskDoesNotWait(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let queue = await scene.name()
            try await bus.declareQueue(queue, QueueOptions())
            let consumer = try await bus.consume(queue, prefetch: 10)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await consumer.next()
            }
            await #expect(throws: CancellationError.self) { try await within { try await task.value } }
        }
    }

    private func ifNotCancelled(_ operation: @Sendable () async throws -> Int?) async throws -> Int? {
        do { return try await operation() } catch is CancellationError { return nil }
    }
}
