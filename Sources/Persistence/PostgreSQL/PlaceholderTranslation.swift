/// Turns `?` into `$1`, `$2`… where it is a placeholder: not in a string, a quoted identifier or a comment.
///
/// PostgreSQL 15 manual §4.1: strings `'…'` (doubled quotes stay inside), `E'…'` with backslashes, `$tag$…$tag$`,
/// identifiers `"…"`, comments `--` to the end of the line and nested `/* … */`.
struct PlaceholderTranslation {
    private(set) var count = 0
    private var sql: [UInt8] = []

    private let source: [UInt8]
    private var index = 0

    init(_ text: String) {
        source = Array(text.utf8)
        sql.reserveCapacity(source.count + 16)
        while index < source.count { translateNext() }
    }

    /// The statement for PostgreSQL.
    var text: String { String(decoding: sql, as: UTF8.self) }

    private func byte(_ offset: Int = 0) -> UInt8? {
        index + offset < source.count ? source[index + offset] : nil
    }

    private mutating func copy(_ length: Int = 1) {
        let end = min(source.count, index + length)
        sql += source[index..<end]
        index = end
    }

    private mutating func translateNext() {
        switch (byte(), byte(1)) {
        case (UInt8(ascii: "?"), _):
            count += 1
            sql.append(UInt8(ascii: "$"))
            sql += Array(String(count).utf8)
            index += 1
        case (UInt8(ascii: "'"), _):
            copyQuoted(by: UInt8(ascii: "'"), escapes: followsEscapeMark)
        case (UInt8(ascii: "\""), _):
            copyQuoted(by: UInt8(ascii: "\""), escapes: false)
        case (UInt8(ascii: "-"), UInt8(ascii: "-")):
            while let next = byte(), next != UInt8(ascii: "\n") { copy() }
        case (UInt8(ascii: "/"), UInt8(ascii: "*")):
            copyComment()
        case (UInt8(ascii: "$"), _):
            copyDollarQuoted()
        default:
            copy()
        }
    }

    /// Whether an `E` that is not the end of a word stands before the quote.
    private var followsEscapeMark: Bool {
        guard index > 0, source[index - 1] | 0x20 == UInt8(ascii: "e") else { return false }
        return index == 1 || !Self.isWord(source[index - 2])
    }

    private mutating func copyQuoted(by quote: UInt8, escapes: Bool) {
        copy()
        while let next = byte() {
            if escapes, next == UInt8(ascii: "\\") {
                copy(2)
                continue
            }
            copy()
            guard next == quote else { continue }
            // A doubled quote stays inside.
            guard byte() == quote else { return }
            copy()
        }
    }

    private mutating func copyComment() {
        var depth = 0
        repeat {
            switch (byte(), byte(1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                copy(2)
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                copy(2)
            default: copy()
            }
        } while depth > 0 && index < source.count
    }

    private mutating func copyDollarQuoted() {
        var length = 1
        while let next = byte(length), Self.isWord(next) { length += 1 }
        let isInsideWord = index > 0 && Self.isWord(source[index - 1])
        let isNumbered = byte(1).map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
        guard byte(length) == UInt8(ascii: "$"), !isInsideWord, !isNumbered else { return copy() }
        let tag = source[index...(index + length)]
        copy(tag.count)
        while index < source.count {
            if source[index...].starts(with: tag) { return copy(tag.count) }
            copy()
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
