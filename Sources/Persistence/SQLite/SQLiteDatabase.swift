import Dispatch
import GRDB

/// A SQLite file: write-ahead log, `synchronous=FULL`, one writer at a time among all processes, readers beside it.
public final class SQLiteDatabase: Database {
    private let pool: DatabasePool
    private let path: String

    /// Opens the file, or makes it in a folder that exists.
    ///
    /// - Parameter busyTimeout: how long a statement waits for another process's transaction.
    /// - Throws: ``SQLError``, with ``SQLError/Code/damaged`` for a file that is there and is no database.
    public init(path: String, busyTimeout: Duration = .seconds(5)) throws {
        let seconds = Double(busyTimeout / .milliseconds(1)) / 1000
        var configuration = Configuration()
        configuration.busyMode = .timeout(seconds)
        configuration.foreignKeysEnabled = true
        configuration.label = "sqlite"
        self.path = path
        try SQLiteFile.prepare(path)
        SQLiteFileMode.restrict(path)
        pool = try Self.retryingWhileBusy(for: busyTimeout, path: path) {
            try SQLiteFile.check(path, configuration)
            let pool = try DatabasePool(path: path, configuration: configuration)
            // The pool sets NORMAL, which may lose acknowledged transactions when the machine loses power.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return pool
        }
    }

    public var dialect: SQLDialect { .sqlite }

    public func read<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        do {
            return try await pool.read { [path] database in
                let connection = SQLiteConnection(database, path: path)
                let value = try body(connection)
                try connection.throwFailure()
                return value
            }
        } catch let error as DatabaseError {
            throw SQLError(error, path: path)
        }
    }

    @discardableResult
    public func transaction<T: Sendable>(_ body: @Sendable (any SQLConnection) throws -> T) async throws -> T {
        do {
            return try await pool.writeWithoutTransaction { [path] database in
                var value: T?
                try database.inTransaction(.immediate) {
                    let connection = SQLiteConnection(database, path: path)
                    value = try body(connection)
                    try connection.throwFailure()
                    return .commit
                }
                guard let value else { throw SQLError(.other, "the transaction ended without a value") }
                return value
            }
        } catch let error as DatabaseError {
            throw SQLError(error, path: path)
        }
    }

    public func close() async throws {
        // Closing waits for statements that run, so it must not hold a thread of the concurrency pool.
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            DispatchQueue.global().async { [pool, path] in
                do {
                    Self.emptyLog(of: pool)
                    try pool.close()
                    continuation.resume()
                } catch let error as DatabaseError {
                    continuation.resume(throwing: SQLError(error, path: path))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// Puts all that the log has into the file, since who copies the file wants all of it: a reader that closes last could
    /// not. The barrier waits for this process' readers; where another process reads just now, that one does it.
    private static func emptyLog(of pool: DatabasePool) {
        // A task that is cancelled interrupts whatever its connection does by then, which may be this.
        for _ in 0..<10 {
            do {
                try pool.barrierWriteWithoutTransaction { _ = try $0.checkpoint(.truncate) }
                return
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                return
            } catch {
                Self.pause()
            }
        }
    }

    /// The switch of a new file to the write-ahead log does not honour SQLite's own busy timeout.
    private static func retryingWhileBusy<T>(
        for limit: Duration, path: String, _ body: () throws -> T
    ) throws -> T {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            do {
                return try body()
            } catch let error as DatabaseError {
                let busy = error.resultCode == .SQLITE_BUSY
                guard busy, ContinuousClock.now < deadline else { throw SQLError(error, path: path) }
                Self.pause()
            }
        }
    }

    private static func pause() {
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(10))
    }
}
