import Events

/// A database that tells what became of each transaction that changed something.
public struct WatchedDatabase: Database {
    private let database: any Database
    private let told: @Sendable (SQLError?) -> Void

    /// - Parameter told: of nil after a change that was committed, and of errors of the database itself: not of those
    ///   that a statement is to blame for.
    public init(_ database: any Database, told: @escaping @Sendable (SQLError?) -> Void) {
        self.database = database
        self.told = told
    }

    public var dialect: SQLDialect { database.dialect }

    public func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await telling { try await database.read(body) }
    }

    @discardableResult
    public func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await telling {
            let (value, hasWritten) = try await database.transaction { connection in
                let watched = WatchedConnection(connection)
                return (try body(watched), watched.hasWritten)
            }
            if hasWritten { told(nil) }
            return value
        }
    }

    private func telling<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as SQLError {
            if error.isOutage { told(error) }
            throw error
        }
    }

    public func notifications(_ channel: String) -> AsyncStream<Void>? { database.notifications(channel) }

    public func close() async throws { try await database.close() }
}

/// Notes whether anything was changed. A lock and an update of no row write nothing, and prove nothing.
private final class WatchedConnection: SQLConnection {
    private let connection: any SQLConnection
    private(set) var hasWritten = false

    init(_ connection: any SQLConnection) { self.connection = connection }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        let count = try connection.execute(sql, values)
        if count > 0, Self.changesRows(sql) { hasWritten = true }
        return count
    }

    func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        let rows = try connection.query(sql, values)
        if !rows.isEmpty, Self.changesRows(sql) { hasWritten = true }
        return rows
    }

    /// Of other statements the count of rows says nothing.
    private static func changesRows(_ sql: String) -> Bool {
        let word = sql.drop { $0.isWhitespace }.prefix { $0.isLetter }.uppercased()
        return ["INSERT", "UPDATE", "DELETE", "WITH"].contains(word)
    }

    func lock(_ name: String) throws { try connection.lock(name) }

    func notify(_ channel: String) throws { try connection.notify(channel) }

    func currentTime() throws -> Timestamp { try connection.currentTime() }
}
