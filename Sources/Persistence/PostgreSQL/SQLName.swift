import Crypto

/// Names of the server's things that belong to one service's schema.
struct SQLName: Sendable {
    let schema: String

    /// The longest name that PostgreSQL keeps apart from others (manual §4.1.1), in bytes of UTF-8.
    static let longest = 63

    /// - Throws: ``SQLError/Code/other`` for a name that the server would shorten, or cannot hold.
    init(schema: String) throws(SQLError) {
        guard (1...Self.longest).contains(schema.utf8.count), !schema.utf8.contains(0), !schema.hasPrefix("pg_") else {
            throw SQLError(.other, "a schema's name has 1 to \(Self.longest) bytes and does not begin with pg_")
        }
        self.schema = schema
    }

    static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    /// The key of an advisory lock: these have no names and are one for all of the database.
    func lockKey(_ name: String) -> Int64 {
        hash("lock", name).prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }

    /// The channel of a notification: these are one for all of the database, too.
    func channel(_ name: String) -> String {
        hash("channel", name).prefix(16).reduce("twitchy_") { text, byte in
            text + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
    }

    private func hash(_ kind: String, _ name: String) -> SHA256.Digest {
        var hash = SHA256()
        for text in [kind, schema, name] {
            hash.update(data: Array(text.utf8))
            // No two triples give the same bytes.
            hash.update(data: [0])
        }
        return hash.finalize()
    }
}
