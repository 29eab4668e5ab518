/// One place of the pool: a thread, and the connection that it has at the moment. Serves one call at a time.
actor PostgreSQLSession {
    enum Mode {
        case read, write

        var begin: String {
            switch self {
            case .read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            case .write: "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
            }
        }
    }

    /// How often a body is run at most while other transactions are in its way.
    private static let attemptLimit = 30
    /// From this attempt on, those that were in one another's way run one after the other.
    private static let orderlyAttempt = 3
    /// How much longer than its own limit the server may take to say that a limit is over.
    private static let grace = Duration.seconds(5)

    nonisolated let thread: ConnectionThread
    nonisolated let interrupter: Interrupter
    private let address: ServerAddress
    private let names: SQLName
    private let options: PostgreSQLOptions
    private let reachability: Reachability
    private var runner: StatementRunner?

    init(
        number: Int, address: ServerAddress, names: SQLName, options: PostgreSQLOptions, reachability: Reachability
    ) throws(SQLError) {
        thread = ConnectionThread(name: "sql-\(number)")
        interrupter = try Interrupter()
        self.address = address
        self.names = names
        self.options = options
        self.reachability = reachability
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Runs `body` in a transaction, again after a conflict.
    /// - Throws: what `body` threw, ``SQLError``, or `CancellationError`.
    func run<T: Sendable>(
        _ mode: Mode, _ interrupt: Interrupt, _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> T {
        var attempt = 1
        while true {
            switch try await runOnce(mode, interrupt, isOrderly: attempt >= Self.orderlyAttempt, body) {
            case .finished(let result): return try result.get()
            case .conflict(let error):
                guard attempt < Self.attemptLimit else { throw error }
                try await Task.sleep(for: .milliseconds(Int64.random(in: 0...Int64(min(50, attempt * attempt)))))
                attempt += 1
            }
        }
    }

    func close() {
        runner = nil
    }

    // MARK: One attempt

    private enum Outcome<T: Sendable> {
        case finished(Result<T, any Error>)
        /// Others were in the way.
        case conflict(SQLError)
    }

    private func runOnce<T: Sendable>(
        _ mode: Mode, _ interrupt: Interrupt, isOrderly: Bool, _ body: @Sendable (any SQLConnection) throws -> T
    ) async throws -> Outcome<T> {
        let runner = try await begin(mode, interrupt, isOrderly: isOrderly)
        let connection = PostgreSQLConnection(
            runner, names: names, begin: mode.begin, holdsSessionLocks: isOrderly)
        do {
            let value = try body(connection)
            try connection.throwFailure()
            try commit(runner, connection)
            return .finished(.success(value))
        } catch {
            let failure = error as? PostgreSQLFailure ?? connection.failure
            rollBack(runner, connection, failure)
            guard let failure else { return .finished(.failure(error)) }
            if failure.isCancelled { throw CancellationError() }
            if failure.state?.isConflict == true { return .conflict(failure.error) }
            if failure.state?.isStaleStatement == true, self.runner != nil {
                try? runner.forgetStatements()
                return .conflict(failure.error)
            }
            return .finished(.failure(error is PostgreSQLFailure ? failure.error : error))
        }
    }

    /// A connection that turns out to be lost at `BEGIN` is replaced: nothing was done in it.
    private func begin(_ mode: Mode, _ interrupt: Interrupt, isOrderly: Bool) async throws -> StatementRunner {
        var isSecond = false
        while true {
            let runner = try await connected(interrupt)
            do throws(PostgreSQLFailure) {
                if isOrderly { try runner.server.run("SELECT pg_advisory_lock(\(names.lockKey("conflicts")))") }
                try runner.server.run(mode.begin)
                return runner
            } catch {
                self.runner = nil
                if error.isCancelled { throw CancellationError() }
                guard error.isConnectionLost, !isSecond else { throw error.error }
                isSecond = true
            }
        }
    }

    private func commit(_ runner: StatementRunner, _ connection: PostgreSQLConnection) throws(PostgreSQLFailure) {
        // What is being committed is not given up half way: whether it was done would not be known.
        runner.server.interrupt = nil
        let tag: String
        do throws(PostgreSQLFailure) {
            tag = try runner.server.run("COMMIT").tag
        } catch {
            guard error.isConnectionLost else { throw error }
            throw .lost("\(error.error.message); the transaction may have been committed", statement: "COMMIT")
        }
        guard tag == "COMMIT" else {
            throw PostgreSQLFailure(SQLError(.other, "the transaction was rolled back", statement: "COMMIT"))
        }
        // Once committed, the call has succeeded: a connection that cannot give its locks back gives them up.
        if connection.holdsSessionLocks, (try? runner.server.run("SELECT pg_advisory_unlock_all()")) == nil {
            self.runner = nil
        }
    }

    private func rollBack(
        _ runner: StatementRunner, _ connection: PostgreSQLConnection, _ failure: PostgreSQLFailure?
    ) {
        guard failure?.isConnectionLost != true else { return self.runner = nil }
        runner.server.interrupt = nil
        do throws(PostgreSQLFailure) {
            if !runner.server.isIdle { try runner.server.run("ROLLBACK") }
            if connection.holdsSessionLocks { try runner.server.run("SELECT pg_advisory_unlock_all()") }
        } catch {
            // The server rolls back what a connection leaves open.
            self.runner = nil
        }
    }

    // MARK: Connecting

    private func connected(_ interrupt: Interrupt) async throws -> StatementRunner {
        if let runner, runner.server.isAlive() {
            runner.server.interrupt = interrupt
            return runner
        }
        runner = nil
        while true {
            try Task.checkCancellation()
            try reachability.permitAttempt()
            do throws(PostgreSQLFailure) {
                let server = try ServerConnection(
                    address, interrupter: interrupter, interrupt: interrupt,
                    answerLimit: options.statementLimit + Self.grace)
                let runner = try StatementRunner(server, names: names, options: options)
                reachability.succeeded()
                self.runner = runner
                return runner
            } catch {
                if error.isCancelled { throw CancellationError() }
                guard case .tryAgain(let pause) = reachability.failed(error.error), error.isConnectionLost else {
                    throw error.error
                }
                try await Task.sleep(for: pause)
            }
        }
    }
}
