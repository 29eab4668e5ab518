import NIOCore
import Synchronization
import Testing

@testable import MessageBus

/// What the in-process broker does as time goes by, with a clock set by hand.
struct RetentionTests {
    private final class ManualClock: Sendable {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func advance(by duration: Duration) { time.withLock { $0 += duration } }
    }

    private let clock = ManualClock()
    private let bus: InProcessMessageBus

    init() {
        let clock = clock
        bus = InProcessMessageBus(now: { clock.now })
    }

    /// Entries older than the minimum age go with the next one; without a next one they stay.
    @Test func oldEntriesGoWhenANewOneComes() async throws {
        try await bus.declareLog("log", LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(60)))
        for number in 0..<100 {
            try await bus.append(payload(number), to: "log")
            clock.advance(by: .seconds(1))
        }
        clock.advance(by: .seconds(3600))
        let reader = try await bus.read("log", from: .first)
        #expect(try await reader.receiveAll().map(\.payload.number) == Array(39..<100))
        try await bus.append(payload(100), to: "log")
        let fresh = try await bus.read("log", from: .first)
        #expect(try await fresh.receiveAll().map(\.payload.number) == [100])
    }

    /// Even a reader that was to see the end of what is gone by now is told that it has caught up.
    @Test func overtakenReaderCatchesUpBeforeTheNewEntry() async throws {
        try await bus.declareLog("log", LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(1)))
        for number in 0..<3 { try await bus.append(payload(number), to: "log") }
        let reader = try await bus.read("log", from: .first)
        #expect(try await reader.receiveNumbers(1) == [0])
        clock.advance(by: .seconds(2))
        try await bus.append(payload(3), to: "log")
        #expect(try await reader.receive() == .caughtUp)
        #expect(try await reader.receiveNumbers(1) == [3])
    }

    /// Bounds hold for entries without bytes as well, and one larger than the log is refused.
    @Test func bytesAreBoundedAtBothExtremes() async throws {
        try await bus.declareLog("log", LogOptions(maximumBytes: 64_000, minimumAge: .seconds(60)))
        for _ in 0..<2000 { try await bus.append(ByteBuffer(), to: "log") }
        #expect(try await bus.read("log", from: .first).receiveAll().count == 1000)
        await #expect(throws: BusError.full("log")) {
            try await bus.append(ByteBuffer(repeating: 0, count: 64_000), to: "log")
        }
        #expect(try await bus.read("log", from: .first).receiveAll().count == 1000)
    }

    /// The queues of streams that nobody asks for any longer give their memory back.
    @Test func expiredQueuesAreSweptByDeclarationsOfOthers() async throws {
        let options = QueueOptions(expires: .seconds(60))
        for number in 0..<50 {
            try await bus.declareQueue("source.\(number)", options)
            try await bus.publish(payload(number), to: "source.\(number)")
        }
        #expect(bus.broker.perform { state, _ in state.queues.count } == 50)
        clock.advance(by: .seconds(59))
        try await bus.declareQueue("source.7", options)
        clock.advance(by: .seconds(1))
        #expect(try await bus.declareQueue("source.7", options).readyMessages == 1)
        #expect(bus.broker.perform { state, _ in state.queues.count } == 1)
    }

    /// A queue is in use until its last consumer has gone, and for a while after.
    @Test func consumerKeepsAQueueFromExpiring() async throws {
        let options = QueueOptions(expires: .seconds(10))
        try await bus.declareQueue("queue", options)
        let consumer = try await bus.consume("queue", prefetch: 1)
        clock.advance(by: .seconds(100))
        try await bus.publish(payload(1), to: "queue")
        await consumer.close()
        clock.advance(by: .milliseconds(9_999))
        try await bus.publish(payload(2), to: "queue")
        clock.advance(by: .milliseconds(1))
        await #expect(throws: BusError.noSuchQueue("queue")) { try await bus.publish(payload(3), to: "queue") }
    }

    /// Nothing is left of consumers, readers and clients that nobody holds.
    @Test func whatNobodyHoldsIsForgotten() async throws {
        let broker = bus.broker
        try await bus.declareQueue("queue", QueueOptions())
        try await bus.declareLog("log", LogOptions(maximumBytes: 1000, minimumAge: .seconds(1)))
        for _ in 0..<10 {
            let client = bus.connect()
            _ = try await client.consume("queue", prefetch: 1)
            _ = try await client.read("log", from: .first)
            _ = try await client.subscribe("subscriber", topics: ["a.#"], exclusive: true)
            let closed = try await client.consume("queue", prefetch: 1)
            await closed.close()
            await client.shutdown()
        }
        let counts = broker.perform { state, _ in
            [state.clients.count, state.consumers.count, state.readers.count, state.queues.count]
        }
        #expect(counts == [1, 0, 0, 1])
        #expect(broker.perform { state, _ in state.router.subscribers(of: "a.b") }.isEmpty)
    }
}
