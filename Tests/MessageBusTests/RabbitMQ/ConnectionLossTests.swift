import MessageBus
import NIOCore
import ProxyTesting
import Testing

/// A client whose connections are cut or freeze, as the broker and the other clients see it.
@Suite(.timeLimit(.minutes(20)))
struct ConnectionLossTests {
    private static let options = QueueOptions(singleActiveConsumer: true)

    /// The standby has everything that was not acknowledged, in order; the lost consumer is told, and its client goes
    /// on by itself.
    @Test func cutConnectionHandsOverToTheStandby() async throws {
        try await run { scene in
            let active = try await scene.suspect.consume(scene.name, prefetch: 100)
            let standby = try await scene.other.consume(scene.name, prefetch: 100)
            for number in 0..<50 { try await scene.other.publish(payload(number), to: scene.name) }
            let deliveries = try await active.receive(50)
            active.acknowledge(through: deliveries[19].tag)
            // The acknowledgement is the last thing that gets through.
            try await eventually {
                let again = try await scene.suspect.consume(scene.name, prefetch: 1)
                await again.close()
                return true
            }
            scene.proxy.cut()
            #expect(try await standby.receiveNumbers(30) == Array(20..<50))
            await #expect(throws: BusError.self) { try await within { try await active.next() } }
            active.acknowledge(through: deliveries[49].tag)

            try await scene.suspect.publish(payload(50), to: scene.name)
            #expect(try await standby.receive().payload.number == 50)
            let again = try await scene.suspect.consume(scene.name, prefetch: 100)
            await standby.close()
            #expect(try await again.receiveNumbers(31) == Array(20...50))
        }
    }

    /// A frozen client says nothing and closes nothing: the broker finds it by the heartbeat of one second.
    @Test func frozenClientIsFoundByItsHeartbeat() async throws {
        try await run { scene in
            let active = try await scene.suspect.consume(scene.name, prefetch: 100)
            let standby = try await scene.other.consume(scene.name, prefetch: 100)
            for number in 0..<10 { try await scene.other.publish(payload(number), to: scene.name) }
            let deliveries = try await active.receive(10)
            try await scene.proxy.setFrozen(true)
            let frozen = ContinuousClock.now
            #expect(try await standby.receiveNumbers(10) == Array(0..<10))
            let takeover = ContinuousClock.now - frozen
            // Two to three heartbeats, 3 s; the rest is for a busy machine. With the other connections' heartbeat it
            // would be at least 10.
            #expect(takeover < .seconds(7), "taken over after \(takeover)")
            // Whatever the frozen one says when it wakes is void.
            active.acknowledge(through: deliveries[9].tag)
            try await scene.proxy.setFrozen(false)
            await #expect(throws: BusError.self) { try await within { try await active.next() } }
            await standby.close()
            let next = try await scene.other.consume(scene.name, prefetch: 100)
            #expect(try await next.receiveNumbers(10) == Array(0..<10))
        }
    }

    /// A reader of a lost connection ends, and another one goes on behind its last entry.
    @Test func readerGoesOnAfterALoss() async throws {
        try await run { scene in
            let log = scene.name + ".log"
            try await scene.other.declareLog(log, LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(60)))
            for number in 0..<5 { try await scene.other.append(payload(number), to: log) }
            let reader = try await scene.suspect.read(log, from: .first)
            let last = try #require(try await reader.receiveAll().last)
            scene.proxy.cut()
            for number in 5..<8 { try await scene.other.append(payload(number), to: log) }
            await #expect(throws: BusError.self) { try await within { while try await reader.next() != nil {} } }
            let again = try await scene.suspect.read(log, from: .after(last))
            #expect(try await again.receiveAll().map(\.payload.number) == [5, 6, 7])
            try await scene.other.deleteLog(log)
        }
    }

    /// What was sent and not confirmed is sent again, before what came later.
    @Test func unconfirmedMessagesAreSubmittedAgainInOrder() async throws {
        try await run { scene in
            try await scene.suspect.publish(payload(0), to: scene.name)
            try await scene.proxy.setFrozen(true)
            for number in 1...20 { try scene.suspect.send(payload(number), to: scene.name) }
            async let confirmed: Void = scene.suspect.publish(payload(21), to: scene.name)
            try await Task.sleep(for: .milliseconds(300))
            scene.proxy.cut()
            try await scene.proxy.setFrozen(false)
            try await confirmed
            // None of these got through before the cut, so none of them is there twice.
            let consumer = try await scene.other.consume(scene.name, prefetch: 100)
            #expect(try await consumer.receiveNumbers(22) == Array(0...21))
            try await consumer.expectSilence()
        }
    }

    /// The broker of a frozen connection answers no farewell.
    @Test func shutdownIsBoundedInTime() async throws {
        try await run { scene in
            let consumer = try await scene.suspect.consume(scene.name, prefetch: 1)
            try await scene.proxy.setFrozen(true)
            for number in 0..<100 { try scene.suspect.send(payload(number), to: scene.name) }
            let start = ContinuousClock.now
            await scene.suspect.shutdown()
            let time = ContinuousClock.now - start
            #expect(time < .seconds(12), "took \(time)")
            #expect(try await within { try await consumer.next() } == nil)
            #expect(throws: BusError.shutDown) { try scene.suspect.send(payload(1), to: scene.name) }
        }
    }

    // MARK: -

    private struct Scene {
        let proxy: TCPProxy
        /// The client behind the proxy.
        let suspect: RabbitMQMessageBus
        let other: RabbitMQMessageBus
        /// Of the queue.
        let name: String
    }

    private func run(_ test: (Scene) async throws -> Void) async throws {
        let broker = try await TestBroker.shared.value
        let proxy = try await TCPProxy(to: Int(try broker.port))
        let scene = Scene(
            proxy: proxy, suspect: RabbitMQMessageBus(try RabbitMQConfiguration(url: try broker.url(through: proxy))),
            other: RabbitMQMessageBus(try RabbitMQConfiguration(url: broker.url)),
            name: "loss.\(UInt64.random(in: .min ... .max))")
        try await scene.other.declareQueue(scene.name, Self.options)
        let result = await Result<Void, any Error>.of { try await test(scene) }
        try await proxy.setFrozen(false)
        await scene.suspect.shutdown()
        try await scene.other.deleteQueue(scene.name)
        await scene.other.shutdown()
        try await proxy.close()
        try result.get()
    }
}

extension Result where Failure == any Error, Success == Void {
    fileprivate static func of(_ body: () async throws -> Void) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}
