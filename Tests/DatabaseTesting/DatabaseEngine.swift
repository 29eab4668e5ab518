public import Persistence

/// An engine that suites are run on.
public struct DatabaseEngine: Sendable, CustomStringConvertible {
    public let description: String
    private let makeStore: @Sendable () async throws -> any DatabaseStore

    public static let sqlite = DatabaseEngine(description: "SQLite", makeStore: { try SQLiteStore() })
    public static let postgresql = DatabaseEngine(
        description: "PostgreSQL", makeStore: { PostgreSQLStore(try await PostgreSQLServer.shared()) })
    public static let all = [sqlite, postgresql]

    /// Runs `body` on an empty store, which is gone afterwards.
    public func withStore(_ body: (any DatabaseStore) async throws -> Void) async throws {
        let store = try await makeStore()
        do {
            try await body(store)
        } catch {
            try await store.remove()
            throw error
        }
        try await store.remove()
    }

    /// Runs `body` on an empty database with the given schemas.
    public func withDatabase(_ schemas: [Schema] = [], _ body: (any Database) async throws -> Void) async throws {
        try await withStore { (store) async throws in
            let database = try store.open()
            do {
                try await database.migrate(schemas)
                try await body(database)
            } catch {
                try await database.close()
                throw error
            }
            try await database.close()
        }
    }
}
