import DatabaseTesting
import Persistence
import Synchronization
import Testing

/// What a watched database tells: of real writes, and of failures of its own.
@Suite(.timeLimit(.minutes(20))) struct WatchedDatabaseTests {
    private struct Refused: Error {}

    private final class Told: Sendable {
        private let errors = Mutex<[SQLError?]>([])

        var count: Int { errors.withLock { $0.count } }
        var failures: Int { errors.withLock { $0.count { $0 != nil } } }

        func watch(_ database: any Database) -> WatchedDatabase {
            WatchedDatabase(database) { error in self.errors.withLock { $0.append(error) } }
        }
    }

    @Test(arguments: DatabaseEngine.all) func onlyCommittedChangesCount(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([.things]) { (plain) async throws in
            let told = Told()
            let database = told.watch(plain)
            // Neither questions nor changes of nothing.
            _ = try await database.read { try $0.query("SELECT id FROM things") }
            try await database.transaction { connection in
                try connection.lock("x")
                _ = try connection.query("SELECT id FROM things")
                try connection.execute("CREATE TABLE IF NOT EXISTS things (id BIGINT)")
                try connection.execute("UPDATE things SET name = 'x' WHERE id = 17")
            }
            // Nor what was rolled back, or is a statement's own fault.
            await #expect(throws: Refused.self) {
                try await database.transaction { connection in
                    try connection.execute("INSERT INTO things (name) VALUES ('a')")
                    throw Refused()
                }
            }
            await #expect(throws: SQLError.self) {
                try await database.transaction { try $0.execute("INSERT INTO nowhere (name) VALUES ('a')") }
            }
            #expect(told.count == 0)
            try await database.transaction { try $0.execute("INSERT INTO things (name) VALUES ('a')") }
            _ = try await database.transaction { try $0.query("INSERT INTO things (name) VALUES ('b') RETURNING id") }
            #expect(told.count == 2 && told.failures == 0)
        }
    }

    @Test(arguments: DatabaseEngine.all) func aProbeIsAWriteEachTime(engine: DatabaseEngine) async throws {
        try await engine.withDatabase([WriteProbe.schema]) { (plain) async throws in
            let told = Told()
            let database = told.watch(plain)
            for number: Int64 in 1...3 { try await database.transaction { try WriteProbe.write(number, in: $0) } }
            #expect(told.count == 3 && told.failures == 0)
        }
    }
}
