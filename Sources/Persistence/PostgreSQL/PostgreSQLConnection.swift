import Events

/// A session's connection while a body runs. After a failure it refuses further statements.
final class PostgreSQLConnection: SQLConnection {
    private let runner: StatementRunner
    private let names: SQLName
    /// Begins the transaction anew, in which nothing has been done.
    private let begin: String
    private var hasRun = false
    /// Whether locks are held by the session, which end with it and not with the transaction.
    private(set) var holdsSessionLocks: Bool
    private(set) var failure: PostgreSQLFailure?

    init(_ runner: StatementRunner, names: SQLName, begin: String, holdsSessionLocks: Bool) {
        self.runner = runner
        self.names = names
        self.begin = begin
        self.holdsSessionLocks = holdsSessionLocks
    }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, values).count
    }

    func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        try run(sql, values).rows
    }

    /// The first thing of a transaction must be its locks, if what they protect is then to be read: a serializable
    /// transaction sees what was committed before its first statement, which would be the wait for the lock. So the
    /// session takes these locks and the transaction begins again behind them. Later ones are the transaction's own;
    /// reading what another one changed in the meantime is a conflict, and the transaction is run again.
    func lock(_ name: String) throws {
        let key = SQLValue.integer(names.lockKey(name))
        guard !hasRun else {
            _ = try run("SELECT pg_advisory_xact_lock(?)", [key])
            return
        }
        holdsSessionLocks = true
        try attempt { () throws(PostgreSQLFailure) in
            _ = try runner.run("SELECT pg_advisory_lock(?)", [key])
            try runner.server.run("ROLLBACK; \(begin)")
        }
    }

    func notify(_ channel: String) throws {
        _ = try run("SELECT pg_notify(?, '')", [.text(names.channel(channel))])
    }

    func currentTime() throws -> Timestamp {
        // Not now(), which is when the transaction began: it may have waited for locks since then.
        let row = try queryOne("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS milliseconds")
        guard let row else { throw SQLError(.unexpectedResult, "the server told no time") }
        return Timestamp(milliseconds: try row["milliseconds"])
    }

    func throwFailure() throws {
        if let failure { throw failure.error }
    }

    private func run(_ sql: String, _ values: [SQLValue]) throws -> StatementResult {
        hasRun = true
        var result = StatementResult.none
        try attempt { () throws(PostgreSQLFailure) in
            result = try runner.run(sql, values)
            guard runner.server.isInTransaction else {
                let message = "a statement must not end the transaction"
                throw PostgreSQLFailure(SQLError(.other, message, statement: sql))
            }
        }
        return result
    }

    private func attempt(_ body: () throws(PostgreSQLFailure) -> Void) throws {
        try throwFailure()
        do throws(PostgreSQLFailure) {
            try body()
        } catch {
            failure = error
            if error.isCancelled { throw CancellationError() }
            throw error.error
        }
    }
}
