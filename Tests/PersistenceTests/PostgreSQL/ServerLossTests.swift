import DatabaseTesting
import Dispatch
import Glibc
import Persistence
import Testing

/// What callers meet when the server ends, comes back, or stops answering.
@Suite(.timeLimit(.minutes(20)))
struct ServerLossTests {
    private func withServer(
        _ options: PostgreSQLOptions = PostgreSQLOptions(),
        _ body: (PostgreSQLServer, PostgreSQLDatabase) async throws -> Void
    ) async throws {
        let server = try await PostgreSQLServer.started()
        let database = try PostgreSQLDatabase(url: server.url, schema: "test", options: options)
        try await database.migrate([.things])
        try await body(server, database)
        try await database.close()
    }

    private func insert(_ name: String, _ database: PostgreSQLDatabase) async throws {
        try await database.transaction { try $0.execute("INSERT INTO things (name) VALUES (?)", [.text(name)]) }
    }

    private func insertOnceItIsBack(_ name: String, _ database: PostgreSQLDatabase) async throws {
        while true {
            do {
                return try await insert(name, database)
            } catch let error as SQLError where error.isTransient {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test func callsAfterARestartDoNotNotice() async throws {
        try await withServer { (server, database) async throws in
            for name in ["a", "b", "c"] {
                try await insert(name, database)
                try await server.stop()
                try await server.start()
            }
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.count == 3)
        }
    }

    @Test func callsDuringARestartWaitForIt() async throws {
        var options = PostgreSQLOptions()
        options.reconnectLimit = .seconds(60)
        try await withServer(options) { (server, database) async throws in
            try await server.stop()
            async let waiting: Void = insert("patient", database)
            try await Task.sleep(for: .milliseconds(300))
            try await server.start()
            try await waiting
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.count == 1)
        }
    }

    @Test func aTransactionThatLosesItsServerIsATransientError() async throws {
        try await withServer { (server, database) async throws in
            let (begun, signal) = AsyncStream<Void>.makeStream()
            let goOn = DispatchSemaphore(value: 0)
            let interrupted = Task {
                try await database.transaction { connection in
                    try connection.execute("INSERT INTO things (name) VALUES ('lost')")
                    signal.finish()
                    goOn.wait()
                    try connection.execute("INSERT INTO things (name) VALUES ('lost too')")
                }
            }
            for await _ in begun {}
            try await server.stop()
            goOn.signal()
            let error = await #expect(throws: SQLError.self) { try await interrupted.value }
            #expect(error?.code == .unavailable)
            #expect(error?.isTransient == true)
            try await server.start()
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
    }

    @Test func aServerThatStaysAwayIsATransientErrorAndThenAFastOne() async throws {
        var options = PostgreSQLOptions()
        options.reconnectLimit = .milliseconds(200)
        try await withServer(options) { (server, database) async throws in
            try await server.stop()
            for _ in 0..<20 {
                let error = await #expect(throws: SQLError.self) { try await insert("x", database) }
                #expect(error?.code == .unavailable)
            }
            try await server.start()
            try await insertOnceItIsBack("x", database)
            #expect(try await database.read { try $0.query("SELECT id FROM things") }.count == 1)
        }
    }

    @Test func aServerThatStopsAnsweringIsGivenUp() async throws {
        var options = PostgreSQLOptions()
        options.statementLimit = .seconds(3)
        options.connections = 1
        try await withServer(options) { (server, database) async throws in
            let rows = try await database.read { try $0.query("SELECT pg_backend_pid() AS id") }
            let backend: Int64 = try #require(rows.first)["id"]
            let frozen = [try server.processID(), pid_t(backend)]
            for process in frozen { kill(process, SIGSTOP) }
            defer { for process in frozen { kill(process, SIGCONT) } }
            // A call that its caller gives up ends at once; one that nobody gives up, by itself.
            let givenUp = Task { try await insert("given up", database) }
            try await Task.sleep(for: .milliseconds(100))
            givenUp.cancel()
            await #expect(throws: CancellationError.self) { try await givenUp.value }
            let error = await #expect(throws: SQLError.self) { try await insert("x", database) }
            #expect(error?.code == .unavailable)
            for process in frozen { kill(process, SIGCONT) }
            try await insertOnceItIsBack("y", database)
            #expect(try await database.read { try $0.query("SELECT name FROM things WHERE name = 'y'") }.count == 1)
        }
    }

    @Test func notificationsGoOnAfterARestart() async throws {
        try await withServer { (server, database) async throws in
            var iterator = try #require(database.notifications("channel")).makeAsyncIterator()
            #expect(await iterator.next() != nil)
            try await server.stop()
            try await server.start()
            // Whatever was missed is told of once it listens again.
            #expect(await iterator.next() != nil)
            try await database.transaction { try $0.notify("channel") }
            #expect(await iterator.next() != nil)
        }
    }
}
