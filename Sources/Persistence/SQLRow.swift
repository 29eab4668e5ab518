/// One row of a result.
public struct SQLRow: Sendable, Hashable {
    public let columns: [String]
    public let values: [SQLValue]

    public init(columns: [String], values: [SQLValue]) {
        precondition(columns.count == values.count, "a row has one value a column")
        self.columns = columns
        self.values = values
    }

    /// The column's value as the type that the caller expects, e.g. `let id: Int64 = try row["id"]`.
    public subscript<T: SQLValueConvertible>(column: String) -> T {
        get throws {
            guard let index = columns.firstIndex(of: column) else {
                throw SQLError(.unexpectedResult, "no column \(column) among \(columns.joined(separator: ", "))")
            }
            guard let value = T(sqlValue: values[index]) else {
                throw SQLError(.unexpectedResult, "column \(column) does not hold \(T.self)")
            }
            return value
        }
    }
}
