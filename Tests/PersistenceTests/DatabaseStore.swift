import Foundation
import Persistence
import Testing

/// An empty place for one database, which any number of connections, as of several processes, may open.
protocol DatabaseStore: Sendable {
    func open(busyTimeout: Duration) async throws -> any Database
    func remove() throws
}

extension DatabaseStore {
    func open() async throws -> any Database { try await open(busyTimeout: .seconds(5)) }
}

/// An engine that the conformance suite is run on.
struct DatabaseEngine: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let makeStore: @Sendable () throws -> any DatabaseStore

    static let all = [DatabaseEngine(testDescription: "SQLite", makeStore: { try SQLiteStore() })]

    /// Runs `body` on an empty store, which is gone afterwards.
    func withStore(_ body: (any DatabaseStore) async throws -> Void) async throws {
        let store = try makeStore()
        do {
            try await body(store)
        } catch {
            try store.remove()
            throw error
        }
        try store.remove()
    }

    /// Runs `body` on an empty database with the given schemas.
    func withDatabase(_ schemas: [Schema] = [], _ body: (any Database) async throws -> Void) async throws {
        try await withStore { (store) async throws in
            let database = try await store.open()
            try await database.migrate(schemas)
            try await body(database)
            try await database.close()
        }
    }
}

/// A SQLite file in a folder of its own.
struct SQLiteStore: DatabaseStore {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "persistence-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    var path: String { folder.appending(path: "test.sqlite").path }

    func open(busyTimeout: Duration) throws -> any Database {
        try SQLiteDatabase(path: path, busyTimeout: busyTimeout)
    }

    func remove() throws {
        try FileManager.default.removeItem(at: folder)
    }
}
