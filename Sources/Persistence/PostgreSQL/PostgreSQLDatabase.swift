import Synchronization

/// A schema of a PostgreSQL database: the tables of one service, of which any number of processes may have one.
///
/// Each connection has a thread of its own, on which bodies run; connections are made when they are first needed. One
/// that is lost is replaced: a call that had not begun its transaction does not notice, one that had throws
/// ``SQLError/Code/unavailable``. If that happens during the commit, the transaction may have been committed.
public final class PostgreSQLDatabase: Database {
    private let pool: ConnectionPool
    private let listener: NotificationListener
    private let names: SQLName

    /// Connects with the first call.
    ///
    /// - Parameters:
    ///   - url: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS` with any options of libpq (manual §34.1.2), such
    ///     as `sslmode=verify-full&sslrootcert=FILE`.
    ///   - schema: the schema of the service; it is made if it is missing.
    /// - Throws: ``SQLError`` for what is no such URL or no name of a schema. No message repeats the password.
    public init(url: String, schema: String, options: PostgreSQLOptions = PostgreSQLOptions()) throws {
        let address = try ServerAddress(url)
        let names = try SQLName(schema: schema)
        let reachability = Reachability(limit: options.reconnectLimit)
        self.names = names
        listener = try NotificationListener(address)
        pool = ConnectionPool(options) { number in
            try PostgreSQLSession(
                number: number, address: address, names: names, options: options, reachability: reachability)
        }
    }

    deinit { listener.stop() }

    public var dialect: SQLDialect { .postgresql }

    public func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await run(.read, body)
    }

    @discardableResult
    public func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        try await run(.write, body)
    }

    public func notifications(_ channel: String) -> AsyncStream<Void>? {
        listener.notifications(names.channel(channel))
    }

    public func close() async throws {
        listener.stop()
        await pool.close()
    }

    private func run<T: Sendable>(
        _ mode: PostgreSQLSession.Mode, _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        try await pool.withSession { session in
            let interrupt = Interrupt(session.interrupter)
            return try await withTaskCancellationHandler {
                try await session.run(mode, interrupt, body)
            } onCancel: {
                interrupt.request()
            }
        }
    }
}
