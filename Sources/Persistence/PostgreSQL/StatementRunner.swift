/// A connection that is set up for one service's schema, with the statements that it has prepared.
final class StatementRunner {
    let server: ServerConnection
    private let names: SQLName
    private var cache: StatementCache

    /// Makes the schema if it is missing, and sets limits so that nothing hangs for ever.
    init(_ server: ServerConnection, names: SQLName, options: PostgreSQLOptions) throws(PostgreSQLFailure) {
        self.server = server
        self.names = names
        cache = StatementCache(limit: options.preparedStatements)
        try server.run(
            """
            SET search_path TO \(SQLName.quoted(names.schema));
            SET lock_timeout TO \(Self.milliseconds(options.lockLimit));
            SET statement_timeout TO \(Self.milliseconds(options.statementLimit));
            SET idle_in_transaction_session_timeout TO \(Self.milliseconds(options.statementLimit * 2));
            SET client_connection_check_interval TO 500;
            SET bytea_output TO 'hex';
            SET extra_float_digits TO 1;
            SET standard_conforming_strings TO on
            """)
        try makeSchema()
    }

    private static func milliseconds(_ duration: Duration) -> Int64 { max(1, Int64(duration / .milliseconds(1))) }

    private func makeSchema() throws(PostgreSQLFailure) {
        let find = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
        let name = try EncodedValues(checked: [.text(names.schema)])
        guard try server.run(find, name).rows.isEmpty else { return }
        // IF NOT EXISTS does not exclude that another process makes it at the same time.
        let key = names.lockKey("schema")
        try server.run("SELECT pg_advisory_lock(\(key))")
        try server.run("CREATE SCHEMA IF NOT EXISTS \(SQLName.quoted(names.schema))")
        try server.run("SELECT pg_advisory_unlock(\(key))")
    }

    func run(_ sql: String, _ values: [SQLValue]) throws(PostgreSQLFailure) -> StatementResult {
        let encoded = try EncodedValues(checked: values)
        let key = StatementCache.Key(sql: sql, types: encoded.types)
        if let known = cache.find(key) { return try server.runPrepared(known.name, encoded, sql: sql) }
        let translation = PlaceholderTranslation(sql)
        guard translation.count == values.count else {
            let message = "\(translation.count) placeholders, \(values.count) values"
            throw PostgreSQLFailure(SQLError(.other, message, statement: sql))
        }
        guard Self.isWorthKeeping(sql) else { return try server.run(translation.text, encoded) }
        let name = cache.makeName()
        try prepare(name, translation.text, encoded, mayHoldBooleans: Self.mayHoldBooleans(values))
        if let evicted = cache.insert(StatementCache.Entry(name: name), for: key) {
            try server.run("DEALLOCATE \(evicted)")
        }
        return try server.runPrepared(name, encoded, sql: sql)
    }

    /// Forgets everything that was prepared. Must not be called in a transaction that failed.
    func forgetStatements() throws(PostgreSQLFailure) {
        try server.run("DEALLOCATE ALL")
        cache.removeAll()
    }

    /// Only what may come again with other values; definitions do not.
    private static func isWorthKeeping(_ sql: String) -> Bool {
        let word = sql.drop(while: \.isWhitespace).prefix(while: \.isLetter).uppercased()
        return ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "VALUES"].contains(word)
    }

    private static func mayHoldBooleans(_ values: [SQLValue]) -> Bool {
        values.contains(0) || values.contains(1)
    }

    /// Whole numbers are `bigint`, so that `?` means the same wherever it stands. A column of type `boolean` takes
    /// none: where the server refuses the statement for that, it may choose the type itself, and reads `0` and `1`.
    private func prepare(
        _ name: String, _ sql: String, _ values: EncodedValues, mayHoldBooleans: Bool
    ) throws(PostgreSQLFailure) {
        guard mayHoldBooleans, server.isInTransaction else {
            return try server.prepare(name, sql, types: values.types)
        }
        // A refusal must not cost the transaction.
        try server.run("SAVEPOINT preparation")
        do throws(PostgreSQLFailure) {
            try server.prepare(name, sql, types: values.types)
            try server.run("RELEASE SAVEPOINT preparation")
        } catch {
            guard !error.isConnectionLost, error.state == "42804" || error.state == "42883" else { throw error }
            try server.run("ROLLBACK TO SAVEPOINT preparation; RELEASE SAVEPOINT preparation")
            do throws(PostgreSQLFailure) {
                try server.prepare(name, sql, types: values.typesWithoutIntegers)
            } catch let second where !second.isConnectionLost {
                throw error
            }
        }
    }
}

extension EncodedValues {
    fileprivate init(checked values: [SQLValue]) throws(PostgreSQLFailure) {
        do throws(SQLError) {
            try self.init(values)
        } catch {
            throw PostgreSQLFailure(error)
        }
    }
}
