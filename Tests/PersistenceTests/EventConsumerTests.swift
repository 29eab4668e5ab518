import DatabaseTesting
import Events
import MessageBus
import NIOCore
import Persistence
import Testing

@Suite(.timeLimit(.minutes(20)))
struct EventConsumerTests {
    private struct Unapplicable: Error {}

    private func envelope(_ id: String, version: Int64, _ title: String, channelID: Int = 1) -> EventEnvelope {
        EventEnvelope(
            id: id, event: EventFlow.event(channelID, title), aggregateVersion: version,
            occurredAt: Timestamp(milliseconds: 1))
    }

    private func publish(_ envelope: EventEnvelope, on flow: EventFlow) async throws {
        try await publish(envelope.encoded(), on: flow)
    }

    private func publish(_ bytes: [UInt8], on flow: EventFlow) async throws {
        try await flow.bus.publishEvent(topic: EventType.channelChanged.topic, ByteBuffer(bytes: bytes))
    }

    private func deadLetters(_ flow: EventFlow, count: Int) async throws -> [ByteBuffer] {
        let consumer = try await flow.bus.consume(SubscriptionOptions.deadLetterQueue(of: "keeper"), prefetch: 10)
        var letters: [ByteBuffer] = []
        while letters.count < count, let delivery = try await consumer.next() { letters.append(delivery.payload) }
        await consumer.close()
        return letters
    }

    @Test(arguments: DatabaseEngine.all)
    func aSecondCopyAndOlderStateDoNothing(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await publish(envelope("1", version: 5, "five"), on: flow)
            try await publish(envelope("1", version: 5, "five"), on: flow)
            try await publish(envelope("2", version: 4, "four"), on: flow)
            try await publish(envelope("3", version: 6, "six"), on: flow)
            try await publish(envelope("4", version: 1, "other", channelID: 2), on: flow)
            try await flow.consume(until: "other")
            #expect(try await flow.ledger() == ["1 five", "1 six", "2 other"])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func whatANewerServiceTellsIsSetAside(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            var newer = envelope("1", version: 1, "newer")
            newer.version = 2
            try await publish(newer, on: flow)
            var unknown = envelope("2", version: 2, "unknown")
            unknown.type = "channel.imagined"
            try await publish(unknown, on: flow)
            try await publish(envelope("3", version: 3, "known"), on: flow)
            try await flow.consume(until: "known")
            #expect(try await flow.ledger() == ["1 known"])
            #expect(
                try await deadLetters(flow, count: 2)
                    == [ByteBuffer(bytes: newer.encoded()), ByteBuffer(bytes: unknown.encoded())])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func whatIsNoEventGoesToTheDeadLetters(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await publish(Array("{".utf8), on: flow)
            try await publish(envelope("3", version: 3, "good"), on: flow)
            try await flow.consume(until: "good")
            #expect(try await deadLetters(flow, count: 1) == [ByteBuffer(string: "{")])
        }
    }

    /// The failed transaction must not have marked the event as applied either.
    @Test(arguments: DatabaseEngine.all)
    func whatCannotBeAppliedGoesToTheDeadLetters(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await publish(envelope("1", version: 1, "bad"), on: flow)
            try await publish(envelope("2", version: 2, "good"), on: flow)
            let consuming = Task {
                try await flow.consumer().run { event, envelope, connection in
                    try EventFlow.enter(event, envelope, connection)
                    if envelope.id == "1" { throw Unapplicable() }
                }
            }
            let letters = try await deadLetters(flow, count: 1)
            #expect(letters == [ByteBuffer(bytes: envelope("1", version: 1, "bad").encoded())])
            while try await flow.ledger().isEmpty { try await Task.sleep(for: .milliseconds(1)) }
            consuming.cancel()
            try await consuming.value
            #expect(try await flow.ledger() == ["1 good"])
            let known = try await flow.keeper.read { try $0.query("SELECT event_id FROM inbox") }
            #expect(known.map(\.values) == [["2"]])
        }
    }

    /// A busy database holds the event up; nothing overtakes it and nothing is given up.
    @Test(arguments: DatabaseEngine.all)
    func aBusyDatabaseIsWaitedFor(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await publish(envelope("1", version: 1, "one"), on: flow)
            try await publish(envelope("2", version: 2, "two"), on: flow)
            let attempts = Mutexed(0)
            let consuming = Task {
                try await flow.consumer().run { event, envelope, connection in
                    if attempts.change({
                        $0 += 1; return $0
                    }) <= 2 {
                        throw SQLError(.busy, "busy")
                    }
                    try EventFlow.enter(event, envelope, connection)
                }
            }
            while try await flow.ledger().count < 2 { try await Task.sleep(for: .milliseconds(1)) }
            consuming.cancel()
            try await consuming.value
            #expect(try await flow.ledger() == ["1 one", "1 two"])
            #expect(attempts.value == 4)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theShutdownOfTheBusIsAnError(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            await flow.bus.shutdown()
            await #expect(throws: BusError.shutDown) { try await flow.consumer().run(apply: EventFlow.enter) }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theInboxForgetsAfterThirtyDays(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            let start = Timestamp(milliseconds: 0)
            let event = envelope("1", version: 1, "x")
            #expect(try await flow.keeper.read { try Inbox.isEmpty(in: $0) })
            let verdicts = try await flow.keeper.transaction { connection in
                [
                    try Inbox.accept(event, at: start, in: connection),
                    try Inbox.accept(event, at: start, in: connection),
                ]
            }
            #expect(verdicts == [.apply, .duplicate])
            #expect(try await flow.keeper.read { try !Inbox.isEmpty(in: $0) })
            let later = start.advanced(by: Inbox.retention)
            let counts = try await flow.keeper.transaction { connection in
                try Inbox.prune(at: later, in: connection)
                let kept = try connection.query("SELECT event_id FROM inbox").count
                try Inbox.prune(at: later.advanced(by: .milliseconds(1)), in: connection)
                return [kept, try connection.query("SELECT event_id FROM inbox").count]
            }
            #expect(counts == [1, 0])
        }
    }

    /// However many come, the inbox is bounded; what it forgot is still known by its aggregate's version.
    @Test(arguments: DatabaseEngine.all)
    func theInboxKeepsTheNewest(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            let envelopes = (1...20).map { number in
                EventEnvelope(
                    id: "e\(number)", event: EventFlow.event(1, "x"), aggregateVersion: Int64(number),
                    occurredAt: Timestamp(milliseconds: 0))
            }
            for (number, envelope) in envelopes.enumerated() {
                let verdict = try await flow.keeper.transaction { connection in
                    try Inbox.accept(envelope, at: Timestamp(milliseconds: Int64(number)), in: connection)
                }
                #expect(verdict == .apply)
            }
            let kept = try await flow.keeper.transaction { connection in
                try Inbox.prune(at: Timestamp(milliseconds: 100), capacity: 20, in: connection)
                let all = try connection.query("SELECT event_id FROM inbox").count
                try Inbox.prune(at: Timestamp(milliseconds: 100), capacity: 5, in: connection)
                let newest = try connection.query("SELECT event_id FROM inbox ORDER BY received_at")
                return ["\(all)"] + (try newest.map { try $0["event_id"] as String })
            }
            #expect(kept == ["20", "e16", "e17", "e18", "e19", "e20"])
            let again = try await flow.keeper.transaction { connection in
                try Inbox.accept(envelopes[0], at: Timestamp(milliseconds: 100), in: connection)
            }
            #expect(again == .outdated)
        }
    }
}
