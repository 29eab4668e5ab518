import DatabaseTesting
import Dispatch
import Persistence
import Testing

/// What is PostgreSQL's own.
@Suite(.timeLimit(.minutes(20)))
struct PostgreSQLDatabaseTests {
    /// Runs `body` on an empty schema of the shared server.
    private func withStore(_ body: (PostgreSQLStore) async throws -> Void) async throws {
        let store = PostgreSQLStore(try await PostgreSQLServer.shared())
        do {
            try await body(store)
        } catch {
            try await store.remove()
            throw error
        }
        try await store.remove()
    }

    private func withDatabase(
        _ options: PostgreSQLOptions = PostgreSQLOptions(), _ body: (PostgreSQLDatabase) async throws -> Void
    ) async throws {
        try await withStore { (store) async throws in
            let database = try store.open(options)
            try await database.migrate([.things])
            try await body(database)
            try await database.close()
        }
    }

    /// Holds a connection, in a transaction that has updated the row `held`, until `body` is done.
    private func whileHolding(_ database: PostgreSQLDatabase, _ body: () async throws -> Void) async throws {
        try await database.transaction {
            try $0.execute("INSERT INTO things (name) VALUES ('held') ON CONFLICT DO NOTHING")
        }
        let (begun, signal) = AsyncStream<Void>.makeStream()
        let release = DispatchSemaphore(value: 0)
        let holder = Task {
            try await database.transaction { connection in
                try connection.execute("UPDATE things SET amount = 1 WHERE name = 'held'")
                signal.finish()
                release.wait()
            }
        }
        for await _ in begun {}
        defer { release.signal() }
        try await body()
        release.signal()
        try await holder.value
    }

    @Test func everyTypeOfColumnComesBackAsSQLiteGivesIt() async throws {
        try await withDatabase { (database) async throws in
            let rows = try await database.transaction { connection in
                try connection.execute(
                    """
                    CREATE TABLE kinds (
                        yes BOOLEAN, small SMALLINT, whole INTEGER, big BIGINT, share DOUBLE PRECISION, name TEXT,
                        content BYTEA
                    )
                    """)
                try connection.execute(
                    "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [SQLValue(true), -2, 3, .integer(.min), .real(-1e300), "ü", .blob([0, 255])])
                try connection.execute(
                    "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?)", [nil, nil, nil, nil, nil, nil, nil])
                return try connection.query("SELECT * FROM kinds WHERE yes = ? OR yes IS NULL ORDER BY small", [true])
            }
            let expected: [SQLValue] = [1, -2, 3, .integer(.min), .real(-1e300), "ü", .blob([0, 255])]
            #expect(rows[0].values == expected)
            #expect(rows[1].values == [SQLValue](repeating: .null, count: 7))
            let sums = try await database.read { connection in
                try connection.query("SELECT SUM(big) AS a, AVG(share) AS b, COUNT(*) AS c, 1 = 1 AS d FROM kinds")
            }
            let expectedSums: [SQLValue] = [.integer(.min), .real(-1e300), 2, 1]
            #expect(sums.first?.values == expectedSums)
        }
    }

    @Test func aStatementOfWrongShapeIsATypedError() async throws {
        try await withDatabase { (database) async throws in
            let cases: [(String, [SQLValue])] = [
                ("SELECT id FROM things WHERE name = ?", []), ("SELECT id FROM things", [1]),
                ("SELECT 1; SELECT 2", []), ("INSERT INTO things (name, amount) VALUES ('a', ?)", ["hidden"]),
                ("COPY things TO STDOUT", []), ("COMMIT", []),
            ]
            for (sql, values) in cases {
                let error = await #expect(throws: SQLError.self, "\(sql)") {
                    try await database.transaction { _ = try $0.query(sql, values) }
                }
                #expect(error?.code == .other, "\(sql)")
                #expect(error?.description.contains("hidden") == false)
            }
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test func preparedStatementsAreKeptAndBounded() async throws {
        var options = PostgreSQLOptions()
        options.preparedStatements = 10
        options.connections = 1
        try await withDatabase(options) { (database) async throws in
            let count = try await database.read { connection in
                for number in 0..<50 { _ = try connection.query("SELECT \(number % 25) + ? AS x", [7]) }
                return try connection.queryOne("SELECT COUNT(*) AS count FROM pg_prepared_statements")
            }
            let known: Int = try #require(count)["count"]
            #expect((9...10).contains(known))
        }
    }

    /// A migration of another process changes what a prepared statement yields.
    @Test func aPreparedStatementThatIsOutOfDateIsPreparedAgain() async throws {
        var options = PostgreSQLOptions()
        options.connections = 1
        try await withStore { (store) async throws in
            let (old, new) = (try store.open(options), try store.open(options))
            try await old.migrate([.things])
            let select: @Sendable (any SQLConnection) throws -> Int = { connection in
                try connection.query("SELECT * FROM things").first?.columns.count ?? 0
            }
            try await old.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            #expect(try await old.read(select) == 6)
            try await new.transaction { try $0.execute("ALTER TABLE things ADD COLUMN more TEXT") }
            #expect(try await old.read(select) == 7)
            try await old.close()
            try await new.close()
        }
    }

    @Test func aConflictIsTriedAgain() async throws {
        try await withStore { (store) async throws in
            let (one, other) = (try store.open(PostgreSQLOptions()), try store.open(PostgreSQLOptions()))
            try await one.migrate([.things])
            try await one.transaction { try $0.execute("INSERT INTO things (name, amount) VALUES ('x', 0)") }
            let attempts = Mutexed(0)
            let increment: @Sendable (any SQLConnection) throws -> Void = { connection in
                let row = try connection.query("SELECT amount FROM things")[0]
                let amount: Int64 = try row["amount"]
                try connection.execute("UPDATE things SET amount = ?", [.integer(amount + 1)])
            }
            let (hasRead, signal) = AsyncStream<Void>.makeStream()
            let goOn = DispatchSemaphore(value: 0)
            let slow = Task {
                try await one.transaction { connection in
                    let attempt = attempts.change {
                        $0 += 1
                        return $0
                    }
                    if attempt == 1 {
                        _ = try connection.query("SELECT amount FROM things")
                        signal.finish()
                        goOn.wait()
                    }
                    try increment(connection)
                }
            }
            for await _ in hasRead {}
            try await other.transaction(increment)
            goOn.signal()
            try await slow.value
            #expect(attempts.value == 2)
            #expect(try await one.read { try $0.query("SELECT amount FROM things") }.map(\.values) == [[2]])
            try await one.close()
            try await other.close()
        }
    }

    @Test func aLockThatIsHeldTooLongIsATypedError() async throws {
        try await withStore { (store) async throws in
            let holder = try store.open(PostgreSQLOptions())
            var options = PostgreSQLOptions()
            options.lockLimit = .milliseconds(50)
            let other = try store.open(options)
            try await holder.migrate([.things])
            try await whileHolding(holder) { () async throws in
                let statements: [@Sendable (any SQLConnection) throws -> Void] = [
                    { try $0.execute("UPDATE things SET amount = 2 WHERE name = 'held'") },
                    { connection in
                        try connection.execute("INSERT INTO things (name) VALUES ('y')")
                        try connection.execute("UPDATE things SET amount = 2 WHERE name = 'held'")
                    },
                ]
                for statement in statements {
                    let error = await #expect(throws: SQLError.self) { try await other.transaction(statement) }
                    #expect(error?.code == .busy)
                    #expect(error?.isTransient == true)
                }
                #expect(try await other.read { try $0.query("SELECT id FROM things") }.count == 1)
            }
            try await other.transaction { try $0.execute("UPDATE things SET amount = 2 WHERE name = 'held'") }
            try await holder.close()
            try await other.close()
        }
    }

    /// Also where the lock is asked for behind other statements, which is a lock of the transaction's own.
    @Test func locksEndWithTheirTransaction() async throws {
        var options = PostgreSQLOptions()
        options.connections = 1
        try await withDatabase(options) { (database) async throws in
            struct Refusal: Error {}
            let bodies: [@Sendable (any SQLConnection) throws -> Void] = [
                { try $0.lock("a") },
                { connection in
                    try connection.lock("a")
                    try connection.lock("b")
                    _ = try connection.query("SELECT id FROM things")
                    try connection.lock("c")
                },
                { connection in
                    try connection.lock("a")
                    throw Refusal()
                },
            ]
            for body in bodies {
                do {
                    try await database.transaction(body)
                } catch is Refusal {}
                let left = try await database.read { connection in
                    try connection.query(
                        "SELECT objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
                }
                #expect(left.isEmpty)
            }
        }
    }

    @Test func aStatementThatTakesTooLongIsATypedError() async throws {
        var options = PostgreSQLOptions()
        options.statementLimit = .seconds(2)
        try await withStore { (store) async throws in
            let database = try store.open(options)
            let error = await #expect(throws: SQLError.self) {
                try await database.read { try $0.query("SELECT pg_sleep(60)") }
            }
            #expect(error?.code == .busy)
            #expect(try await database.read { try $0.query("SELECT 1 AS x") }.count == 1)
            try await database.close()
        }
    }

    @Test func aCallWaitsForAConnectionAndMayGiveUp() async throws {
        var options = PostgreSQLOptions()
        options.connections = 1
        options.waitingCalls = 1
        try await withDatabase(options) { (database) async throws in
            try await whileHolding(database) { () async throws in
                let waiting = Task { try await database.read { try $0.query("SELECT 1 AS x") } }
                // One may wait: this one is refused once the other one does.
                var code: SQLError.Code?
                while code == nil {
                    let probe = Task { try await database.read { try $0.query("SELECT 1 AS x") } }
                    try await Task.sleep(for: .milliseconds(5))
                    probe.cancel()
                    do {
                        _ = try await probe.value
                    } catch let error as SQLError {
                        code = error.code
                    } catch is CancellationError {}
                }
                #expect(code == .busy)
                waiting.cancel()
                await #expect(throws: CancellationError.self) { try await waiting.value }
            }
            #expect(try await database.read { try $0.query("SELECT 1 AS x") }.count == 1)
        }
    }

    @Test func aCallThatWaitsTooLongForAConnectionIsATypedError() async throws {
        var options = PostgreSQLOptions()
        options.connections = 1
        options.waitLimit = .milliseconds(50)
        try await withDatabase(options) { (database) async throws in
            try await whileHolding(database) { () async throws in
                let error = await #expect(throws: SQLError.self) {
                    try await database.read { try $0.query("SELECT 1 AS x") }
                }
                #expect(error?.code == .busy)
            }
        }
    }

    @Test func aCancelledCallIsBrokenOffAndItsLocksAreGone() async throws {
        try await withDatabase { (database) async throws in
            let (begun, signal) = AsyncStream<Void>.makeStream()
            let task = Task {
                try await database.transaction { connection in
                    try connection.execute("INSERT INTO things (name) VALUES ('x')")
                    signal.finish()
                    _ = try connection.query("SELECT pg_sleep(60)")
                }
            }
            for await _ in begun {}
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await database.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
        }
    }

    @Test func aServiceSeesItsOwnSchemaOnly() async throws {
        try await withStore { (first) async throws in
            try await withStore { (second) async throws in
                let databases = [try first.open(PostgreSQLOptions()), try second.open(PostgreSQLOptions())]
                for database in databases { try await database.migrate([.things]) }
                try await databases[0].transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
                #expect(try await databases[1].read { try $0.query("SELECT id FROM things") }.isEmpty)
                for database in databases { try await database.close() }
            }
        }
    }

    @Test func whatIsCommittedIsNotified() async throws {
        try await withStore { (store) async throws in
            let (teller, listener) = (try store.open(PostgreSQLOptions()), try store.open(PostgreSQLOptions()))
            let stream = try #require(listener.notifications("channel"))
            var iterator = stream.makeAsyncIterator()
            // The first says that it listens now.
            #expect(await iterator.next() != nil)
            try await teller.transaction { try $0.notify("channel") }
            #expect(await iterator.next() != nil)
            try await listener.close()
            #expect(await iterator.next() == nil)
            try await teller.close()
        }
    }
}
