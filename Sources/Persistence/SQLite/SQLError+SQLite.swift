import GRDB

extension SQLError {
    /// - Parameter path: the database's file.
    init(_ error: DatabaseError, statement: String? = nil, path: String) {
        let message = error.message ?? "\(error.extendedResultCode)"
        let code = Self.code(for: error)
        self.init(code, code == .damaged ? "\(path): \(message)" : message, statement: statement ?? error.sql)
    }

    private static func code(for error: DatabaseError) -> Code {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: .uniqueViolation
        case .SQLITE_CONSTRAINT_FOREIGNKEY: .foreignKeyViolation
        case .SQLITE_CONSTRAINT_NOTNULL: .notNullViolation
        case .SQLITE_CONSTRAINT_CHECK: .checkViolation
        default: code(forPrimary: error)
        }
    }

    private static func code(forPrimary error: DatabaseError) -> Code {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_READONLY: .readOnly
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
        case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_NOMEM: .unavailable
        // The one way to misuse the C interface that the pool leaves open is to go on after it was closed.
        case .SQLITE_MISUSE: .closed
        default: .other
        }
    }
}
