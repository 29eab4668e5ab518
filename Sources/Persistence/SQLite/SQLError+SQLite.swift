import GRDB

extension SQLError {
    init(_ error: DatabaseError, statement: String? = nil) {
        let message = error.message ?? "\(error.extendedResultCode)"
        self.init(Self.code(for: error), message, statement: statement ?? error.sql)
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
        case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_NOMEM: .unavailable
        // The one way to misuse the C interface that the pool leaves open is to go on after it was closed.
        case .SQLITE_MISUSE: .closed
        default: .other
        }
    }
}
