import CPostgreSQL

/// What went wrong at the server or on the way there, with what decides on trying again.
struct PostgreSQLFailure: Error {
    var error: SQLError
    var state: SQLState?
    /// Whether the connection is of no use any more.
    var isConnectionLost = false
    /// Whether the caller gave the call up.
    var isCancelled = false

    init(_ error: SQLError, state: SQLState? = nil, isConnectionLost: Bool = false) {
        self.error = error
        self.state = state
        self.isConnectionLost = isConnectionLost
    }

    /// The connection is gone, so it is not known whether the server did what it was asked last.
    static func lost(_ message: String, statement: String?) -> PostgreSQLFailure {
        PostgreSQLFailure(SQLError(.unavailable, message, statement: statement), isConnectionLost: true)
    }

    /// The connection is given up in the middle of an answer; the server notices that (`client_connection_check_interval`)
    /// and rolls back.
    static var cancelled: PostgreSQLFailure {
        var failure = PostgreSQLFailure(SQLError(.unavailable, "the call was cancelled"), isConnectionLost: true)
        failure.isCancelled = true
        return failure
    }

    /// What the server said of a statement. Never the detail, which quotes values.
    init(_ result: OpaquePointer, statement: String?) {
        let state = Self.field(PGFieldSQLState, of: result).map { SQLState($0) }
        var message = Self.field(PGFieldMessagePrimary, of: result) ?? "the server gave no reason"
        // Data exceptions quote the value in the message itself.
        if state?.text.hasPrefix("22") == true { message = message.replacing(/"[^"]*"/, with: "…") }
        self.init(SQLError(state?.code ?? .other, message, statement: statement), state: state)
    }

    private static func field(_ code: Int32, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }
}
