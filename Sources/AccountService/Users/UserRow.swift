import Persistence

/// A row of `users`.
struct UserRow {
    let id: Int64
    let username: String

    private init(_ row: SQLRow) throws {
        id = try row["id"]
        username = try row["username"]
    }

    static func insert(_ username: String, at now: Int64, in connection: any SQLConnection) throws -> UserRow {
        let row = try connection.queryOne(
            "INSERT INTO users (username, created_at) VALUES (?, ?) RETURNING id, username",
            [.text(username), .integer(now)])
        guard let row else { throw SQLError(.unexpectedResult, "no id for a new user") }
        return try UserRow(row)
    }

    static func named(_ username: String, in connection: any SQLConnection) throws -> UserRow? {
        try connection.queryOne("SELECT id, username FROM users WHERE username = ?", [.text(username)])
            .map(UserRow.init)
    }

    static func requireUser(_ id: Int64, in connection: any SQLConnection) throws {
        let rows = try connection.query("SELECT 1 AS found FROM users WHERE id = ?", [.integer(id)])
        guard !rows.isEmpty else { throw AccountError.unknownUser(String(id)) }
    }

    var user: User { User(id: String(id), username: username) }
}
