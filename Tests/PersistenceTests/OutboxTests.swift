import DatabaseTesting
import Events
import MessageBus
import NIOCore
import Persistence
import Testing

@Suite(.timeLimit(.minutes(20)))
struct OutboxTests {
    @Test(arguments: DatabaseEngine.all)
    func whatIsRolledBackIsNeverTold(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            await #expect(throws: CancellationError.self) {
                try await flow.teller.transaction { connection in
                    try Outbox.append(
                        EventFlow.event(1, "undone"), at: Timestamp(milliseconds: 1), to: connection)
                    throw CancellationError()
                }
            }
            #expect(try await flow.pending() == 0)
            #expect(try await flow.relay().relayBatch() == 0)
        }
    }

    /// Also where the clock goes back, so that consumers never take news for old.
    @Test(arguments: DatabaseEngine.all)
    func versionsOfAnAggregateGrow(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            var versions: [Int64] = []
            for milliseconds: Int64 in [1000, 1000, 500, 2000] {
                let envelope = try await flow.teller.transaction { connection in
                    try Outbox.append(
                        EventFlow.event(1, "x"), at: Timestamp(milliseconds: milliseconds), to: connection)
                }
                versions.append(envelope.aggregateVersion)
            }
            #expect(versions == [1000, 1001, 1002, 2000])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func anEventThatCannotBePublishedHoldsBackItsAggregateOnly(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            for (channelID, title) in [(1, "a"), (1, "stuck"), (1, "b"), (2, "a")] {
                try await flow.tell(channelID, title)
            }
            let isStuck = Mutexed(true)
            let bus = FusedBus(
                bus: flow.bus, refuses: { isStuck.value && String(buffer: $0).contains("stuck") })
            let relay = OutboxRelay(database: flow.teller, bus: bus, logger: flow.logger)
            await #expect(throws: BusError.full("subscriber")) { try await relay.relayBatch() }
            #expect(try await flow.pending() == 2)
            isStuck.value = false
            #expect(try await relay.relayBatch() == 2)
            try await flow.consume(until: "1 b")
            #expect(try await flow.ledger() == ["1 a", "2 a", "1 stuck", "1 b"])
        }
    }

    /// As the row of an administration command, written beside a server that runs.
    @Test(arguments: DatabaseEngine.all)
    func aRunningRelayFindsRowsByItselfAndEndsWhenCancelled(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            let relaying = Task { try await flow.relay().run() }
            try await flow.tell(1, "first")
            try await flow.consume(until: "first")
            try await flow.tell(1, "second")
            try await flow.consume(until: "second")
            relaying.cancel()
            try await relaying.value
            #expect(try await flow.ledger() == ["1 first", "1 second"])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aRelayOutlivesABusThatRefuses(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            let refusals = Mutexed(0)
            let bus = FusedBus(bus: flow.bus) { _ in
                refusals.change {
                    $0 += 1; return $0 <= 3
                }
            }
            let relay = OutboxRelay(database: flow.teller, bus: bus, logger: flow.logger)
            let relaying = Task { try await relay.run() }
            try await flow.tell(1, "late")
            try await flow.consume(until: "late")
            relaying.cancel()
            try await relaying.value
            #expect(refusals.value == 4)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func moreThanABatchIsRelayedInOrder(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await flow.teller.transaction { connection in
                for number in 0..<250 {
                    try Outbox.append(
                        EventFlow.event(1, "\(number)."), at: Timestamp(milliseconds: 1), to: connection)
                }
            }
            try await flow.relayAll()
            try await flow.consume(until: " 249.")
            #expect(try await flow.ledger() == (0..<250).map { "1 \($0)." })
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func publishedEventsGoAfterSevenDays(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            let time = Mutexed(Timestamp(milliseconds: 1_000_000))
            let relay = OutboxRelay(database: flow.teller, bus: flow.bus, logger: flow.logger, now: { time.value })
            try await flow.tell(1, "old")
            try await relay.relayBatch()
            time.value = time.value.advanced(by: OutboxRelay.retention)
            try await flow.tell(1, "waiting")
            try await relay.prune()
            #expect(try await rowCount(flow) == 2)
            time.value = time.value.advanced(by: .milliseconds(1))
            try await relay.prune()
            #expect(try await rowCount(flow) == 1)
            #expect(try await flow.pending() == 1)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func redactionLeavesNothingOfTheAggregate(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await flow.tell(1, "told")
            try await flow.relayAll()
            try await flow.tell(1, "waiting")
            try await flow.tell(2, "other")
            try await flow.teller.transaction { try Outbox.redact(aggregate: "channel/1", in: $0) }
            #expect(try await rowCount(flow) == 1)
            #expect(try await flow.pending() == 1)
        }
    }

    /// What changes often keeps one row, whether its events were published or not; others keep theirs.
    @Test(arguments: DatabaseEngine.all)
    func aReplacingEventIsTheOnlyOneOfItsAggregate(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await flow.tell(2, "other")
            for number in 0..<50 {
                try await flow.teller.transaction { connection in
                    _ = try Outbox.append(
                        EventFlow.event(1, "\(number)"), at: Timestamp(milliseconds: Int64(number)),
                        replacingEarlier: true, to: connection)
                }
                if number == 20 { try await flow.relayAll() }
                #expect(try await rowCount(flow) == 2)
            }
            try await flow.relayAll()
            try await flow.consume(until: "1 49")
            #expect(try await flow.ledger() == ["2 other", "1 20", "1 49"])
        }
    }

    /// The in-process bus forgets what it had taken when its process is killed.
    @Test(arguments: DatabaseEngine.all)
    func theNewestOfEachAggregateIsSentAgain(engine: DatabaseEngine) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            for (channelID, title) in [(1, "a"), (2, "a"), (1, "b")] { try await flow.tell(channelID, title) }
            try await flow.relayAll()
            try await flow.consume(until: "1 b")
            try await flow.tell(2, "lost")
            try await flow.bus.deleteQueue("keeper")
            try await flow.relayAll()
            try await flow.consumer().declare()
            let resent = try await flow.teller.transaction { try Outbox.resendNewest(in: $0) }
            #expect(resent == 2)
            try await flow.relayAll()
            try await flow.consume(until: "lost")
            #expect(try await flow.ledger() == ["1 a", "2 a", "1 b", "2 lost"])
        }
    }

    private func rowCount(_ flow: EventFlow) async throws -> Int {
        try await flow.teller.read { try $0.query("SELECT 1 AS found FROM outbox").count }
    }
}
