import Foundation
public import Persistence

/// An empty place for one database, which any number of connections, as of several processes, may open.
public protocol DatabaseStore: Sendable {
    /// What another process needs to open it, see ``DatabaseAddress``.
    var address: DatabaseAddress { get }

    func open(busyTimeout: Duration) throws -> any Database
    func remove() async throws
}

extension DatabaseStore {
    public func open() throws -> any Database { try open(busyTimeout: .seconds(5)) }
}

/// A SQLite file in a folder of its own.
public struct SQLiteStore: DatabaseStore {
    private let folder: URL

    public init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "database-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    public var path: String { folder.appending(path: "test.sqlite").path }
    public var address: DatabaseAddress { .sqlite(path: path) }

    public func open(busyTimeout: Duration) throws -> any Database {
        try SQLiteDatabase(path: path, busyTimeout: busyTimeout)
    }

    public func remove() throws {
        try FileManager.default.removeItem(at: folder)
    }
}

/// A schema of its own in the database of a server.
public struct PostgreSQLStore: DatabaseStore {
    public let url: String
    public let schema: String

    public init(_ server: PostgreSQLServer) {
        url = server.url
        schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
    }

    public var address: DatabaseAddress { .postgresql(url: url, schema: schema) }

    public func open(busyTimeout: Duration) throws -> any Database {
        var options = PostgreSQLOptions()
        options.lockLimit = busyTimeout
        return try open(options)
    }

    public func open(_ options: PostgreSQLOptions) throws -> PostgreSQLDatabase {
        try PostgreSQLDatabase(url: url, schema: schema, options: options)
    }

    public func remove() async throws {
        var options = PostgreSQLOptions()
        options.connections = 1
        let database = try PostgreSQLDatabase(url: url, schema: "public", options: options)
        try await database.transaction { [schema] in try $0.execute("DROP SCHEMA IF EXISTS \(schema) CASCADE") }
        try await database.close()
    }
}
