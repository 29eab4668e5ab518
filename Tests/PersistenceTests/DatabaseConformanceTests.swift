import DatabaseTesting
import Dispatch
import Persistence
import Testing

/// What every ``Database`` promises, whatever engine is behind it.
@Suite(.timeLimit(.minutes(20)))
struct DatabaseConformanceTests {
    private struct Refusal: Error, Equatable {}

    @Test(arguments: DatabaseEngine.all)
    func valuesComeBackAsTheyWentIn(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let bytes = (0...255).map { UInt8($0) }
            try await database.transaction { connection in
                try connection.execute(
                    "INSERT INTO things (name, amount, share, content) VALUES (?, ?, ?, ?)",
                    ["zoë 🎧 'x' ? $1", .integer(.max), 0.1, .blob(bytes)])
                try connection.execute("INSERT INTO things (name, content) VALUES (?, ?)", ["", .blob([])])
            }
            let rows = try await database.read {
                try $0.query("SELECT id, name, amount, share, content, parent_id FROM things ORDER BY id")
            }
            #expect(rows.count == 2)
            #expect(rows[0].columns == ["id", "name", "amount", "share", "content", "parent_id"])
            #expect(
                rows[0].values == [1, "zoë 🎧 'x' ? $1", .integer(.max), 0.1, .blob(bytes), nil])
            #expect(rows[1].values == [2, "", nil, nil, .blob([]), nil])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func executeCountsTheRowsThatChanged(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let counts = try await database.transaction { connection in
                [
                    try connection.execute("INSERT INTO things (name) VALUES (?), (?), (?)", ["a", "b", "c"]),
                    try connection.execute("UPDATE things SET amount = 1 WHERE name <> ?", ["a"]),
                    try connection.execute("INSERT INTO things (name) VALUES (?) ON CONFLICT (name) DO NOTHING", ["a"]),
                    try connection.execute("DELETE FROM things WHERE name = ?", ["z"]),
                ]
            }
            #expect(counts == [3, 2, 0, 0])
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func identitiesAreReturnedAndNeverGivenOutTwice(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let insert: @Sendable (any SQLConnection) throws -> Int64 = { connection in
                try connection.query("INSERT INTO things (name) VALUES ('x') RETURNING id")[0]["id"]
            }
            let first = try await database.transaction(insert)
            try await database.transaction { try $0.execute("DELETE FROM things") }
            let second = try await database.transaction(insert)
            #expect(second > first)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aBodyThatThrowsIsRolledBack(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            await #expect(throws: Refusal()) {
                try await database.transaction { connection in
                    try connection.execute("INSERT INTO things (name) VALUES ('x')")
                    throw Refusal()
                }
            }
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aFailureCannotBeCaughtAway(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let error = await #expect(throws: SQLError.self) {
                try await database.transaction { connection in
                    try connection.execute("INSERT INTO things (name) VALUES ('x')")
                    _ = try? connection.execute("INSERT INTO things (name) VALUES ('x')")
                    _ = try? connection.execute("INSERT INTO things (name) VALUES ('y')")
                }
            }
            #expect(error?.code == .uniqueViolation)
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func constraintsAreTypedErrorsWithoutValues(engine: DatabaseEngine) async throws {
        let cases: [(String, [SQLValue], SQLError.Code)] = [
            ("INSERT INTO things (name) VALUES (?)", ["secret"], .uniqueViolation),
            ("INSERT INTO things (id, name) VALUES (1, ?)", ["secret-2"], .uniqueViolation),
            ("INSERT INTO things (name) VALUES (?)", [nil], .notNullViolation),
            ("INSERT INTO things (name, amount) VALUES (?, -1)", ["secret-3"], .checkViolation),
            ("INSERT INTO things (name, parent_id) VALUES (?, 99)", ["secret-4"], .foreignKeyViolation),
            ("SELECT nothing FROM nowhere", [], .other),
        ]
        try await engine.withDatabase([.things]) { (database) async throws in
            try await database.transaction { try $0.execute("INSERT INTO things (name) VALUES (?)", ["secret"]) }
            for (sql, values, code) in cases {
                let error = await #expect(throws: SQLError.self) {
                    try await database.transaction { try $0.execute(sql, values) }
                }
                #expect(error?.code == code, "\(sql)")
                #expect(error?.description.contains("secret") == false)
            }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func readRefusesToWrite(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let error = await #expect(throws: SQLError.self) {
                try await database.read { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            }
            #expect(error?.code == .readOnly)
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aColumnIsReadAsWhatItHolds(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            try await database.transaction { try $0.execute("INSERT INTO things (name, amount) VALUES ('x', 7)") }
            let row = try #require(
                try await database.read { try $0.queryOne("SELECT name, amount, share FROM things") })
            let amount: Int? = try row["amount"]
            let share: Double? = try row["share"]
            #expect(amount == 7)
            #expect(share == nil)
            #expect(throws: SQLError.self) { let _: String = try row["amount"] }
            #expect(throws: SQLError.self) { let _: Double = try row["share"] }
            #expect(throws: SQLError.self) { let _: String = try row["absent"] }
        }
    }

    /// Read, then write what was read plus one: lost updates would leave less than the number of transactions.
    @Test(arguments: DatabaseEngine.all)
    func transactionsOfManyConnectionsAreSerializable(engine: DatabaseEngine) async throws {
        try await engine.withStore { (store) async throws in
            let databases = [try store.open(), try store.open()]
            try await databases[0].migrate([.things])
            try await databases[0].transaction {
                try $0.execute("INSERT INTO things (name, amount) VALUES ('counter', 0)")
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        try await databases[index % 2].transaction { connection in
                            let row = try connection.query("SELECT amount FROM things WHERE name = 'counter'")[0]
                            let amount: Int64 = try row["amount"]
                            try connection.execute(
                                "UPDATE things SET amount = ? WHERE name = 'counter'", [.integer(amount + 1)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await databases[1].read { try $0.query("SELECT amount FROM things") }
            #expect(rows.map(\.values) == [[100]])
            for database in databases { try await database.close() }
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func committedDataOutlivesTheConnection(engine: DatabaseEngine) async throws {
        try await engine.withStore { (store) async throws in
            let first = try store.open()
            try await first.migrate([.things])
            try await first.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            try await first.close()
            let error = await #expect(throws: SQLError.self) {
                try await first.read { try $0.query("SELECT name FROM things") }
            }
            #expect(error?.code == .closed)
            let writeError = await #expect(throws: SQLError.self) {
                try await first.transaction { try $0.execute("DELETE FROM things") }
            }
            #expect(writeError?.code == .closed)
            let second = try store.open()
            #expect(try await second.read { try $0.query("SELECT name FROM things") }.map(\.values) == [["x"]])
            try await second.close()
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aCancelledTaskLeavesTheDatabaseUsable(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let task = Task {
                while true {
                    try await database.transaction { try $0.execute("UPDATE things SET amount = 1") }
                }
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await database.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            #expect(try await database.read { try $0.query("SELECT name FROM things") }.count == 1)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func aTextWithNULIsATypedError(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            let error = await #expect(throws: SQLError.self) {
                try await database.transaction { connection in
                    _ = try? connection.execute("INSERT INTO things (name) VALUES (?)", ["a\0b"])
                    _ = try? connection.execute("INSERT INTO things (name) VALUES ('y')")
                }
            }
            #expect(error?.code == .invalidText)
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test(arguments: DatabaseEngine.all)
    func theNumberOfValuesHasToBeThatOfPlaceholders(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (database) async throws in
            for values: [SQLValue] in [[], [1, 2]] {
                let error = await #expect(throws: SQLError.self) {
                    try await database.read { try $0.query("SELECT id FROM things WHERE id = ?", values) }
                }
                #expect(error?.code == .other)
            }
        }
    }

    /// What the last holder of a lock committed is there for the next one, so none meets a conflict.
    @Test(arguments: DatabaseEngine.all)
    func aNamedLockExcludes(engine: DatabaseEngine) async throws {
        try await engine.withStore { (store) async throws in
            let databases = [try store.open(), try store.open()]
            try await databases[0].migrate([.things])
            try await databases[0].transaction { try $0.execute("INSERT INTO things (name, amount) VALUES ('x', 0)") }
            let attempts = Mutexed(0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        try await databases[index % 2].transaction { connection in
                            attempts.change { $0 += 1 }
                            try connection.lock("counter")
                            let row = try connection.query("SELECT amount FROM things")[0]
                            let amount: Int64 = try row["amount"]
                            try connection.execute("UPDATE things SET amount = ?", [.integer(amount + 1)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await databases[1].read { try $0.query("SELECT amount FROM things") }.map(\.values) == [[40]])
            #expect(attempts.value == 40)
            for database in databases { try await database.close() }
        }
    }

    /// One snapshot, whatever is committed meanwhile.
    @Test(arguments: DatabaseEngine.all)
    func aReadSeesOneState(engine: DatabaseEngine) async throws {
        try await engine.withStore { (store) async throws in
            let (reader, writer) = (try store.open(), try store.open())
            try await reader.migrate([.things])
            let (begun, signal) = AsyncStream<Void>.makeStream()
            let goOn = DispatchSemaphore(value: 0)
            let reading = Task {
                try await reader.read { connection in
                    let before = try connection.query("SELECT id FROM things").count
                    signal.finish()
                    goOn.wait()
                    return [before, try connection.query("SELECT id FROM things").count]
                }
            }
            for await _ in begun {}
            try await writer.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            goOn.signal()
            #expect(try await reading.value == [0, 0])
            #expect(try await reader.read { try $0.query("SELECT id FROM things") }.count == 1)
            try await reader.close()
            try await writer.close()
        }
    }
}
