import DatabaseTesting
import Dispatch
import Persistence
import Testing

/// What is SQLite's own.
@Suite(.timeLimit(.minutes(1)))
struct SQLiteDatabaseTests {
    /// Runs `body` while another connection holds the write lock.
    private func whileWriting(
        _ database: any Database, _ body: () async throws -> Void
    ) async throws {
        let (begun, signal) = AsyncStream<Void>.makeStream()
        let release = DispatchSemaphore(value: 0)
        let writer = Task {
            try await database.transaction { connection in
                try connection.execute("INSERT INTO things (name) VALUES ('writer')")
                signal.finish()
                release.wait()
            }
        }
        for await _ in begun {}
        defer { release.signal() }
        try await body()
        release.signal()
        try await writer.value
    }

    @Test func durabilityAndForeignKeysAreOn() async throws {
        let store = try SQLiteStore()
        let database = try store.open()
        let values = try await database.transaction { connection in
            try ["journal_mode", "synchronous", "foreign_keys"].map { try connection.query("PRAGMA \($0)")[0].values }
        }
        #expect(values == [["wal"], [2], [1]])
        try await database.close()
        try store.remove()
    }

    @Test func aWriterThatHoldsOnTooLongIsATypedError() async throws {
        let store = try SQLiteStore()
        let holder = try store.open()
        try await holder.migrate([.things])
        let other = try store.open(busyTimeout: .milliseconds(50))
        try await whileWriting(holder) { () async throws -> Void in
            let error = await #expect(throws: SQLError.self) {
                try await other.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
            }
            #expect(error?.code == .busy)
            #expect(error?.isTransient == true)
            #expect(try await other.read { try $0.query("SELECT id FROM things") }.isEmpty)
        }
        try await other.transaction { try $0.execute("INSERT INTO things (name) VALUES ('x')") }
        #expect(try await other.read { try $0.query("SELECT id FROM things") }.count == 2)
        try await holder.close()
        try await other.close()
        try store.remove()
    }

    @Test func aWriterIsWaitedFor() async throws {
        let store = try SQLiteStore()
        let holder = try store.open()
        try await holder.migrate([.things])
        let other = try store.open()
        let waiting = Mutexed<Task<Void, any Error>?>(nil)
        try await whileWriting(holder) {
            waiting.value = Task {
                try await other.transaction { connection in
                    let seen = try connection.query("SELECT name FROM things")
                    #expect(seen.map(\.values) == [["writer"]])
                }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        try await waiting.value?.value
        try await holder.close()
        try await other.close()
        try store.remove()
    }

    @Test func aPathThatCannotBeOpenedIsATypedError() throws {
        let error = #expect(throws: SQLError.self) { try SQLiteDatabase(path: "/nonexistent/folder/test.sqlite") }
        #expect(error?.code == .unavailable)
    }
}
