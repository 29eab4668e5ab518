import DatabaseTesting
import Dispatch
import Foundation
import Persistence
import Testing

/// What is SQLite's own.
@Suite(.timeLimit(.minutes(20)))
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

    /// Whatever the umask says, and also where an older version left the files readable.
    @Test func filesAreNobodyElsesToRead() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sqlite-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "a.sqlite").path
        func modes() throws -> [String: Int] {
            var modes: [String: Int] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                let file = folder.appending(path: name).path
                modes[name] = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            }
            return modes
        }
        let first = try SQLiteDatabase(path: path)
        try await first.migrate([.things])
        #expect(try modes() == ["a.sqlite": 0o600, "a.sqlite-wal": 0o600, "a.sqlite-shm": 0o600])
        for name in try modes().keys {
            let file = folder.appending(path: name).path
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        }
        let second = try SQLiteDatabase(path: path)
        #expect(Set(try modes().values) == [0o600])
        #expect(try await second.read { try $0.query("SELECT id FROM things") }.isEmpty)
        try await first.close()
        try await second.close()
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
