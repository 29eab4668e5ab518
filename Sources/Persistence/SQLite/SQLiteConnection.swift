import Events
import Foundation
import GRDB

/// The pool's connection while a body runs. After a failure it refuses further statements, as PostgreSQL does.
final class SQLiteConnection: SQLConnection {
    private let database: GRDB.Database
    private let path: String
    private var failure: SQLError?

    init(_ database: GRDB.Database, path: String) {
        self.database = database
        self.path = path
    }

    func execute(_ sql: String, _ values: [SQLValue]) throws -> Int {
        try run(sql, values) { statement in
            try statement.execute()
            return database.changesCount
        }
    }

    func query(_ sql: String, _ values: [SQLValue]) throws -> [SQLRow] {
        try run(sql, values) { statement in
            let columns = statement.columnNames
            return try Row.fetchAll(statement).map { row in
                SQLRow(columns: columns, values: row.databaseValues.map(SQLValue.init(databaseValue:)))
            }
        }
    }

    /// `BEGIN IMMEDIATE` excludes every other transaction already.
    func lock(_ name: String) throws {
        try throwFailure()
    }

    /// A file has no clock but this machine's.
    func currentTime() throws -> Timestamp {
        try throwFailure()
        return Timestamp.systemClock()
    }

    func throwFailure() throws {
        if let failure { throw failure }
    }

    /// A wrong number of values is told as misuse, which otherwise says that the pool was closed.
    private func setArguments(_ values: [SQLValue], of statement: Statement, _ sql: String) throws {
        do {
            try statement.setArguments(StatementArguments(values.map(\.databaseValue)))
        } catch let error as DatabaseError {
            throw SQLError(.other, error.message ?? "wrong number of values", statement: sql)
        }
    }

    private func run<T>(_ sql: String, _ values: [SQLValue], _ body: (Statement) throws -> T) throws -> T {
        try throwFailure()
        do {
            for case .text(let text) in values where text.utf8.contains(0) { throw SQLError.textWithNUL }
            let statement = try database.cachedStatement(sql: sql)
            try setArguments(values, of: statement, sql)
            return try body(statement)
        } catch let error as DatabaseError {
            let failure = SQLError(error, statement: sql, path: path)
            self.failure = failure
            throw failure
        } catch let error as SQLError {
            failure = error
            throw error
        }
    }
}

extension SQLValue {
    fileprivate init(databaseValue: DatabaseValue) {
        switch databaseValue.storage {
        case .null: self = .null
        case .int64(let value): self = .integer(value)
        case .double(let value): self = .real(value)
        case .string(let value): self = .text(value)
        case .blob(let value): self = .blob([UInt8](value))
        }
    }

    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let value): value.databaseValue
        case .real(let value): value.databaseValue
        case .text(let value): value.databaseValue
        case .blob(let value): Data(value).databaseValue
        }
    }
}
