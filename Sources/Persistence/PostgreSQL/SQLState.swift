/// PostgreSQL's five-character error code (manual, appendix A).
struct SQLState: Hashable, Sendable, ExpressibleByStringLiteral {
    let text: String

    init(_ text: String) { self.text = text }
    init(stringLiteral value: String) { text = value }

    var code: SQLError.Code {
        switch text {
        case "23505", "23P01": .uniqueViolation
        case "23503": .foreignKeyViolation
        case "23502": .notNullViolation
        case "23514": .checkViolation
        case "25006": .readOnly
        case "22021", "22P05": .invalidText
        // Serialization failure and deadlock come out once the attempts are used up.
        case "40001", "40P01", "55P03", "57014": .busy
        case "28000", "28P01", "3D000": .accessDenied
        // A transaction that idled too long, and everything that the administrator does to a connection.
        case "25P03", "57P01", "57P02", "57P03", "57P04", "57P05": .unavailable
        default: isOfServer ? .unavailable : .other
        }
    }

    /// Connection exception, insufficient resources (disk full, too many connections), system error.
    private var isOfServer: Bool { ["08", "53", "58"].contains(text.prefix(2)) }

    /// Whether the same transaction, run again at once, may succeed: it was not to blame.
    var isConflict: Bool { text == "40001" || text == "40P01" }

    /// Whether a prepared statement is no good any more, since another process changed a table or the server lost it.
    var isStaleStatement: Bool { text == "0A000" || text == "26000" }

    /// The code in a message of verbose errors, such as `FATAL:  28P01: password authentication failed`.
    init?(inMessage message: String) {
        guard let match = message.firstMatch(of: /:\s\s([0-9A-Z]{5}):\s/) else { return nil }
        self.init(String(match.1))
    }
}
