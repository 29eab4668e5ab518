import CPostgreSQL
import Glibc

/// One connection to the server. Belongs to one thread, which it holds up.
///
/// Nothing here calls the blocking half of libpq: each wait is a `poll` with a deadline, which an ``Interrupt`` ends.
final class ServerConnection {
    private let handle: OpaquePointer
    private let interrupter: Interrupter
    /// Ends the call that runs; nil where it must not be ended.
    var interrupt: Interrupt?
    private let answerLimit: Duration

    /// Connects.
    /// - Parameter answerLimit: how long one answer may take.
    init(
        _ address: ServerAddress, interrupter: Interrupter, interrupt: Interrupt?, answerLimit: Duration
    ) throws(PostgreSQLFailure) {
        let parameters = address.parameters
        let started = CStrings.with(parameters.map(\.key)) { keys in
            CStrings.with(parameters.map(\.value)) { values in PQconnectStartParams(keys, values, 1) }
        }
        guard let started else { throw .lost("no memory for a connection", statement: nil) }
        handle = started
        self.interrupter = interrupter
        self.interrupt = interrupt
        self.answerLimit = answerLimit
        // The words of a refusal have the error code in them only when they are verbose.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        // Otherwise libpq prints notices.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        try finishConnecting(.now.advanced(by: address.connectLimit))
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetnonblocking(handle, 1)
    }

    deinit { PQfinish(handle) }

    private func finishConnecting(_ deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
        guard PQstatus(handle) != CONNECTION_BAD else { throw connectFailure() }
        var events = POLLOUT
        while true {
            guard try wait(for: events, until: deadline, statement: nil) else {
                throw .lost("the database server does not answer", statement: nil)
            }
            switch PQconnectPoll(handle) {
            case PGRES_POLLING_READING: events = POLLIN
            case PGRES_POLLING_WRITING: events = POLLOUT
            case PGRES_POLLING_OK: return
            default: throw connectFailure()
            }
        }
    }

    private func connectFailure() -> PostgreSQLFailure {
        let message = String(cString: PQerrorMessage(handle))
        // Without the place in the server's source, which comes in a line of its own.
        let words = message.split(separator: "\n").filter { !$0.hasPrefix("LOCATION: ") }.joined(separator: "; ")
        let state = SQLState(inMessage: message)
        let code = state?.code == .accessDenied ? SQLError.Code.accessDenied : .unavailable
        return PostgreSQLFailure(SQLError(code, words), state: state, isConnectionLost: true)
    }

    // MARK: State

    /// Whether the server has not closed it, as far as is known here. Does not wait.
    func isAlive() -> Bool {
        // A server that ends says so and closes: both are there to be read.
        PQstatus(handle) == CONNECTION_OK && PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    /// Whether a transaction is open and good.
    var isInTransaction: Bool { PQtransactionStatus(handle) == PQTRANS_INTRANS }
    var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

    // MARK: Statements

    /// Runs statements without values, separated by semicolons; the result is that of the last.
    @discardableResult
    func run(_ sql: String) throws(PostgreSQLFailure) -> StatementResult {
        try exchange(sql) { PQsendQuery(handle, sql) }
    }

    /// Runs one statement with values of types that the server finds out.
    func run(_ sql: String, _ values: EncodedValues) throws(PostgreSQLFailure) -> StatementResult {
        try exchange(sql) {
            values.withPointers { pointers, lengths, formats in
                PQsendQueryParams(handle, sql, Int32(values.count), values.types, pointers, lengths, formats, 0)
            }
        }
    }

    func prepare(_ name: String, _ sql: String, types: [UInt32]) throws(PostgreSQLFailure) {
        try exchange(sql) { PQsendPrepare(handle, name, sql, Int32(types.count), types) }
    }

    /// - Parameter sql: for the error.
    func runPrepared(
        _ name: String, _ values: EncodedValues, sql: String
    ) throws(PostgreSQLFailure) -> StatementResult {
        try exchange(sql) {
            values.withPointers { pointers, lengths, formats in
                PQsendQueryPrepared(handle, name, Int32(values.count), pointers, lengths, formats, 0)
            }
        }
    }

    /// Waits until something was notified, the interrupter was woken, or `limit` is over.
    /// - Returns: the channels that were notified.
    func notifications(waitingFor limit: Duration) throws(PostgreSQLFailure) -> [String] {
        var channels = takeNotifications()
        if channels.isEmpty {
            _ = try wait(for: POLLIN, until: .now.advanced(by: limit), statement: nil, returnsWhenWoken: true)
            guard isAlive() else { throw lost(statement: nil) }
            channels = takeNotifications()
        }
        return channels
    }

    private func takeNotifications() -> [String] {
        var channels: [String] = []
        while let notification = PQnotifies(handle) {
            channels.append(String(cString: notification.pointee.relname))
            PQfreemem(notification)
        }
        return channels
    }

    @discardableResult
    private func exchange(_ sql: String, _ send: () -> Int32) throws(PostgreSQLFailure) -> StatementResult {
        guard send() == 1 else { throw lost(statement: sql) }
        let deadline = ContinuousClock.now.advanced(by: answerLimit)
        try flush(until: deadline, sql)
        var outcome = Result<StatementResult, PostgreSQLFailure>.success(.none)
        while let result = try nextResult(until: deadline, sql) {
            defer { PQclear(result) }
            // What follows a failure says nothing more.
            guard case .success = outcome else { continue }
            outcome = try read(result, sql)
        }
        if PQstatus(handle) != CONNECTION_OK, case .failure(var failure) = outcome {
            failure.isConnectionLost = true
            throw failure
        }
        return try outcome.get()
    }

    private func read(
        _ result: OpaquePointer, _ sql: String
    ) throws(PostgreSQLFailure) -> Result<StatementResult, PostgreSQLFailure> {
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            do throws(SQLError) {
                return .success(try StatementResult(result))
            } catch {
                return .failure(PostgreSQLFailure(error))
            }
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            // The connection now waits for data, so it cannot be used for anything else.
            throw PostgreSQLFailure(
                SQLError(.other, "COPY is not a statement with rows", statement: sql), isConnectionLost: true)
        default:
            return .failure(PostgreSQLFailure(result, statement: sql))
        }
    }

    // MARK: Waiting

    private func flush(until deadline: ContinuousClock.Instant, _ sql: String) throws(PostgreSQLFailure) {
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                guard try wait(for: POLLIN | POLLOUT, until: deadline, statement: sql) else { throw silent(sql) }
                // The server may have to be rid of something before it reads on.
                guard PQconsumeInput(handle) == 1 else { throw lost(statement: sql) }
            default: throw lost(statement: sql)
            }
        }
    }

    private func nextResult(
        until deadline: ContinuousClock.Instant, _ sql: String
    ) throws(PostgreSQLFailure) -> OpaquePointer? {
        while PQisBusy(handle) == 1 {
            guard try wait(for: POLLIN, until: deadline, statement: sql) else { throw silent(sql) }
            guard PQconsumeInput(handle) == 1 else {
                // The server's last words, if there were any, say why.
                guard let words = PQgetResult(handle) else { throw lost(statement: sql) }
                defer { PQclear(words) }
                var failure = PostgreSQLFailure(words, statement: sql)
                failure.isConnectionLost = true
                if failure.state == nil { failure.error = lost(statement: sql).error }
                throw failure
            }
        }
        return PQgetResult(handle)
    }

    private func lost(statement: String?) -> PostgreSQLFailure {
        let message = String(cString: PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
        return .lost("the connection to the database was lost: \(message)", statement: statement)
    }

    private func silent(_ sql: String) -> PostgreSQLFailure {
        .lost("the database server has stopped answering", statement: sql)
    }

    /// - Returns: whether the connection is ready, as opposed to the deadline being over.
    private func wait(
        for events: Int32, until deadline: ContinuousClock.Instant, statement: String?, returnsWhenWoken: Bool = false
    ) throws(PostgreSQLFailure) -> Bool {
        while true {
            if interrupt?.isRequested == true { throw .cancelled }
            let left = deadline - .now
            guard left > .zero else { return false }
            var descriptors = [
                pollfd(fd: PQsocket(handle), events: Int16(events), revents: 0),
                pollfd(fd: interrupter.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // Rounded up: what is left below a millisecond must not become a busy loop.
            let milliseconds = Int32(clamping: Int64(left / .milliseconds(1)) + 1)
            guard poll(&descriptors, nfds_t(descriptors.count), milliseconds) >= 0 || errno == EINTR else {
                throw .lost("poll failed: \(String(cString: strerror(errno)))", statement: statement)
            }
            if descriptors[1].revents != 0 {
                interrupter.drain()
                if returnsWhenWoken { return true }
            }
            if descriptors[0].revents != 0 { return true }
        }
    }
}
