import Crypto

/// One step from a version of a schema to the next. Once released it is never edited; a correction is a new step.
public struct Migration: Sendable {
    /// 1 for the first step of a schema, each next one more.
    public let version: Int
    public let name: String
    /// One statement each, with the tokens of ``SQLDialect``.
    public let statements: [String]

    public init(version: Int, name: String, statements: [String]) {
        self.version = version
        self.name = name
        self.statements = statements
    }

    /// SHA-256 of name and statements before the tokens are spelled out, so it is the same for every engine.
    var checksum: String {
        var hash = SHA256()
        for text in [name] + statements {
            hash.update(data: Array(text.utf8))
            hash.update(data: [0])
        }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }
}

/// The tables that belong together, as the steps that made them. Several may share one database.
public struct Schema: Sendable {
    public let name: String
    public let migrations: [Migration]

    public init(_ name: String, _ migrations: [Migration]) {
        precondition(
            migrations.map(\.version) == Array(1...max(1, migrations.count)).prefix(migrations.count).map { $0 },
            "the versions of schema \(name) count up from 1")
        self.name = name
        self.migrations = migrations
    }
}
