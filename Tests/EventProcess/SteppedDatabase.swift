import Persistence

/// A database that stops before and after each read, and before, in and after each transaction.
struct SteppedDatabase: Database {
    let database: any Database
    let conversation: Conversation

    var dialect: SQLDialect { database.dialect }

    func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try conversation.step("before read")
        let value = try await database.read(body)
        try conversation.step("after read")
        return value
    }

    func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try conversation.step("before transaction")
        let value = try await database.transaction { [conversation] connection in
            let value = try body(connection)
            try conversation.step("before commit")
            return value
        }
        try conversation.step("after commit")
        return value
    }

    func close() async throws { try await database.close() }
}
