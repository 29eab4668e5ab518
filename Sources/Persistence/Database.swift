public import Events

/// A SQL database that belongs to one service.
///
/// Statements are written in the SQL that SQLite and PostgreSQL share (`?` placeholders, `ON CONFLICT`, `RETURNING`);
/// the few types that they spell differently are tokens of ``SQLDialect``.
public protocol Database: Sendable {
    /// Which SQL the tokens in a migration are spelled in.
    var dialect: SQLDialect { get }

    /// Runs `body` on a consistent snapshot. Statements that write are refused.
    func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T

    /// Runs `body` in one serializable transaction: committed and on disk when this returns, rolled back when it
    /// throws.
    ///
    /// An engine that has to resolve a conflict may run `body` again, so it must have no effect besides its statements.
    /// A statement that failed cannot be caught away: the transaction is rolled back and throws that failure. Where a
    /// server is lost during the commit, ``SQLError/Code/unavailable`` leaves open whether it was committed.
    @discardableResult
    func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T

    /// Tells whenever a transaction was committed, by whichever process, that called ``SQLConnection/notify(_:)`` with
    /// this channel; nil where the engine cannot. It may tell too often, and while the engine cannot be had it tells
    /// nothing: whoever must not miss anything looks now and then besides. Ends when the database is closed.
    func notifications(_ channel: String) -> AsyncStream<Void>?

    /// Waits for what is running and closes every connection; later calls throw ``SQLError/Code/closed``.
    func close() async throws
}

/// One connection, lent to the body of ``Database/read(_:)`` or ``Database/transaction(_:)`` while that runs.
public protocol SQLConnection {
    /// Runs one statement and returns how many rows it inserted, updated or deleted (meaningless after DDL).
    @discardableResult
    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int

    /// Runs one statement and returns its rows.
    func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow]

    /// Excludes every other transaction that asks for the same name until this transaction ends. Asked for before any
    /// statement, what the last holder committed is seen.
    func lock(_ name: String) throws

    /// Tells those who listen to the channel, once this transaction is committed.
    func notify(_ channel: String) throws

    /// The time of day by the one clock that all who use this database share: its server's. The clocks of their own
    /// machines may differ by minutes.
    func currentTime() throws -> Timestamp
}

extension Database {
    /// None: for engines that cannot tell.
    public func notifications(_ channel: String) -> AsyncStream<Void>? { nil }
}

extension SQLConnection {
    /// Nobody can listen, unless the engine says otherwise.
    public func notify(_ channel: String) throws {}

    @discardableResult
    public func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    public func query(_ sql: String) throws -> [SQLRow] { try query(sql, []) }

    /// The only row of a statement that yields at most one.
    public func queryOne(_ sql: String, _ values: [SQLValue] = []) throws -> SQLRow? {
        let rows = try query(sql, values)
        guard rows.count <= 1 else {
            throw SQLError(.unexpectedResult, "expected at most one row, got \(rows.count)", statement: sql)
        }
        return rows.first
    }
}
