/// Why a statement, a transaction or a connection failed.
public struct SQLError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// A UNIQUE constraint or primary key already holds these values.
        case uniqueViolation
        /// A FOREIGN KEY has no row to refer to, or is still referred to.
        case foreignKeyViolation
        /// A NOT NULL column was left empty.
        case notNullViolation
        /// A CHECK constraint refused the values.
        case checkViolation
        /// Others held the database, or what a statement needs of it, longer than the busy timeout (5 s); the same call
        /// may succeed later.
        case busy
        /// A statement that writes inside ``Database/read(_:)``.
        case readOnly
        /// A column is absent or holds another type than was asked for, or there were more rows than expected.
        case unexpectedResult
        /// A text that holds a NUL character. PostgreSQL cannot store it, so no engine does.
        case invalidText
        /// The database cannot be opened or reached, or has no room; the same call may succeed later.
        case unavailable
        /// The server refuses the user, the password or the database. Correct `--database-url`, or the server; the same
        /// call succeeds afterwards.
        case accessDenied
        /// The database's file is damaged, or is none; the message names it. It stays so until somebody restores it.
        case damaged
        /// ``Database/close()`` was called.
        case closed
        /// Anything else: wrong SQL. The message says which.
        case other
    }

    public var code: Code
    /// The engine's own words. They may name tables and columns; they are for operators, not for users.
    public var message: String
    /// The statement with its placeholders, never with its values.
    public var statement: String?

    public init(_ code: Code, _ message: String, statement: String? = nil) {
        self.code = code
        self.message = message
        self.statement = statement
    }

    public var description: String {
        guard let statement else { return "SQL \(code): \(message)" }
        return "SQL \(code): \(message) in \"\(statement)\""
    }

    /// Whether the same transaction may succeed later, if need be after somebody has mended something: whoever serves
    /// waits for that.
    public var isTransient: Bool { [.busy, .unavailable, .accessDenied, .damaged].contains(code) }

    /// Whether the database itself is to blame: whoever watches it tells of that, once for all who try.
    public var isOutage: Bool { isTransient || isReadOnlyFile }

    /// Not that of a statement that writes inside of ``Database/read(_:)``.
    private var isReadOnlyFile: Bool { code == .readOnly && message.contains("readonly database") }
}

extension SQLError {
    static let textWithNUL = SQLError(.invalidText, "a text must not hold a NUL character")
}
