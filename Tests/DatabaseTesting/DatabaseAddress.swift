public import Persistence

/// Where a database is, as arguments of another process.
public enum DatabaseAddress: Sendable, Hashable {
    case sqlite(path: String)
    case postgresql(url: String, schema: String)

    public init?(arguments: some Collection<String>) {
        let arguments = Array(arguments)
        switch arguments.first {
        case "sqlite" where arguments.count == 2: self = .sqlite(path: arguments[1])
        case "postgresql" where arguments.count == 3: self = .postgresql(url: arguments[1], schema: arguments[2])
        default: return nil
        }
    }

    public var arguments: [String] {
        switch self {
        case .sqlite(let path): ["sqlite", path]
        case .postgresql(let url, let schema): ["postgresql", url, schema]
        }
    }

    public func open() throws -> any Database {
        switch self {
        case .sqlite(let path): try SQLiteDatabase(path: path)
        case .postgresql(let url, let schema): try PostgreSQLDatabase(url: url, schema: schema)
        }
    }
}
