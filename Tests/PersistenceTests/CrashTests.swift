import DatabaseTesting
import Persistence
import Testing

/// A process may be killed between any two steps of relay and consumer: no event is lost, none is applied twice, and
/// those of one aggregate are applied in their order.
@Suite(.timeLimit(.minutes(20)))
struct CrashTests {
    private static let told = [(1, "a"), (1, "b"), (2, "a"), (1, "c"), (2, "b"), (2, "c")]
    private static let expected = told.map { "\($0.0) \($0.1)" } + ["9 last"]

    private func tellAll(_ flow: EventFlow) async throws {
        for (channelID, title) in Self.told { try await flow.tell(channelID, title) }
        try await flow.tell(9, "last")
    }

    /// The relay steps are: read before and after, each publication before and after, mark before and after.
    @Test(arguments: DatabaseEngine.all, 0..<22)
    func aRelayKilledAtAnyStepLosesNothing(engine: DatabaseEngine, steps: Int) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await tellAll(flow)
            let fuse = Fuse(steps: steps)
            try await flow.relayAll(fuse: fuse)
            #expect(fuse.isBurnt == (steps < 20), "the number of steps is known")
            try await flow.relayAll()
            try await flow.consume(until: "last")
            #expect(try await flow.ledger() == Self.expected)
            #expect(try await flow.pending() == 0)
        }
    }

    @Test(arguments: DatabaseEngine.all, 0..<16)
    func aConsumerKilledAtAnyStepAppliesOnce(engine: DatabaseEngine, steps: Int) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await tellAll(flow)
            try await flow.relayAll()
            let fuse = Fuse(steps: steps)
            try await flow.consume(until: "last", fuse: fuse)
            // At 13 it dies between the last commit and its acknowledgement, which the ledger may be quicker to show.
            if steps != 13 { #expect(fuse.isBurnt == (steps < 13), "the number of steps is known") }
            try await flow.consume(until: "last")
            #expect(try await flow.ledger() == Self.expected)
        }
    }

    @Test(arguments: DatabaseEngine.all, 0..<20)
    func bothKilledAgainAndAgain(engine: DatabaseEngine, seed: Int) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await tellAll(flow)
            for life in 0..<6 {
                try await flow.relayAll(fuse: Fuse(steps: (seed * 7 + life * 5) % 19))
                try await flow.consumeBriefly(fuse: Fuse(steps: (seed * 3 + life) % 6))
            }
            try await flow.relayAll()
            try await flow.consume(until: "last")
            #expect(try await flow.ledger() == Self.expected)
        }
    }

    /// Two processes of one service relay the same outbox.
    @Test(arguments: DatabaseEngine.all, 0..<10)
    func relaysThatRunAtOnceKeepTheOrder(engine: DatabaseEngine, round: Int) async throws {
        try await EventFlow.with(engine) { (flow) async throws in
            try await tellAll(flow)
            async let first: Void = flow.relayAll()
            async let second: Void = flow.relayAll()
            _ = try await (first, second)
            try await flow.consume(until: "last")
            #expect(try await flow.ledger() == Self.expected)
        }
    }
}
