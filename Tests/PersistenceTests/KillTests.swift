import DatabaseTesting
import Persistence
import Testing

/// Real processes, ended by `kill -9` between any two of their steps: no event is lost, none is applied twice, and those
/// of one aggregate are applied in their order.
@Suite(.timeLimit(.minutes(20)))
struct KillTests {
    private static let told = [(1, "a"), (1, "b"), (2, "a")]
    private static let expected = told.map { "\($0.0) \($0.1)" }

    /// A teller, a keeper, and what is between them.
    private struct Services {
        let teller: any DatabaseStore
        let keeper: any DatabaseStore
        let broker = Broker()

        func run(_ role: ChildProcess.Role, killedAtStep step: Int? = nil) async throws -> ChildProcess.End {
            let store = role == .consumer ? keeper : teller
            let process = ChildProcess(role: role, address: store.address, broker: broker, events: KillTests.told)
            return try await process.run(killedAtStep: step)
        }

        func ledger(of store: any DatabaseStore) async throws -> [String] {
            try await entries("SELECT entry FROM ledger ORDER BY position", in: store)
        }

        func entries(_ sql: String, in store: any DatabaseStore) async throws -> [String] {
            let database = try store.open()
            let rows = try await database.read { try $0.query(sql) }
            try await database.close()
            return try rows.map { try $0[$0.columns[0]] }
        }
    }

    private func withServices(_ engine: DatabaseEngine, _ body: (Services) async throws -> Void) async throws {
        try await engine.withStore { (teller) async throws in
            try await engine.withStore { (keeper) async throws in
                for (store, schema) in [(teller, Outbox.schema), (keeper, Inbox.schema)] {
                    let database = try store.open()
                    try await database.migrate([schema, .ledger])
                    try await database.close()
                }
                try await body(Services(teller: teller, keeper: keeper))
            }
        }
    }

    /// Runs `body` for each step of the process, until it finishes before it is killed.
    /// - Returns: where it was killed.
    private func atEachStep(
        _ engine: DatabaseEngine, _ body: (Services, Int) async throws -> ChildProcess.End
    ) async throws -> [String] {
        var steps: [String] = []
        while true {
            var end = ChildProcess.End.finished(steps: 0)
            try await withServices(engine) { services in end = try await body(services, steps.count) }
            guard case .killed(let step) = end else { break }
            steps.append(step)
        }
        return steps
    }

    /// The change and what tells of it are there together, or not at all.
    @Test(arguments: DatabaseEngine.all)
    func aWriterKilledAtAnyStepTellsOfWhatItDid(engine: DatabaseEngine) async throws {
        let steps = try await atEachStep(engine) { (services, step) async throws in
            let end = try await services.run(.writer, killedAtStep: step)
            let done = try await services.ledger(of: services.teller)
            let waiting = try await services.entries(
                "SELECT aggregate FROM outbox", in: services.teller)
            #expect(done == Array(Self.expected.prefix((step + 1) / 3)), "step \(step)")
            #expect(waiting.count == done.count)
            return end
        }
        #expect(steps.count == 9)
        #expect(Array(steps.prefix(3)) == ["before transaction", "before commit", "after commit"])
    }

    @Test(arguments: DatabaseEngine.all)
    func aRelayKilledAtAnyStepLosesNothing(engine: DatabaseEngine) async throws {
        let steps = try await atEachStep(engine) { (services, step) async throws in
            _ = try await services.run(.writer)
            let end = try await services.run(.relay, killedAtStep: step)
            _ = try await services.run(.relay)
            _ = try await services.run(.consumer)
            #expect(try await services.ledger(of: services.keeper) == Self.expected, "step \(step)")
            #expect(
                try await services.entries("SELECT topic FROM outbox WHERE published_at IS NULL", in: services.teller)
                    .isEmpty)
            return end
        }
        // Two of a read, six of three publications, three of a transaction, two of a read that finds nothing.
        #expect(steps.count == 13)
    }

    @Test(arguments: DatabaseEngine.all)
    func aConsumerKilledAtAnyStepAppliesOnce(engine: DatabaseEngine) async throws {
        let steps = try await atEachStep(engine) { (services, step) async throws in
            _ = try await services.run(.writer)
            _ = try await services.run(.relay)
            let end = try await services.run(.consumer, killedAtStep: step)
            _ = try await services.run(.consumer)
            #expect(try await services.ledger(of: services.keeper) == Self.expected, "step \(step)")
            #expect(services.broker.waiting.isEmpty)
            return end
        }
        #expect(steps.count == 15)
    }
}
