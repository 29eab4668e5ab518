import NIOCore

/// List-valued fields (RFC 9110 §5.6.1), read where they lie.
///
/// Such a field may have thousands of members in 8 KiB. They are walked in one pass, nothing is allocated for a member,
/// and what acts upon them looks at a bounded number, so that a request with a long list costs about what one with a
/// long opaque field costs.
extension HTTPRequestHead {
    /// Members of a list that count: more than any client sends. Those behind them are as good as absent.
    static let maximumMembers = 64

    /// Calls `body` with each member of all the field's lines in order, until it returns false.
    /// - Parameters:
    ///   - name: in lower case.
    ///   - position: of the first line that may be the field.
    ///   - limit: members that are looked at, empty ones included.
    func forEachMember(
        of name: String, from position: Int, limit: Int = maximumMembers,
        _ body: (_ bytes: borrowing Span<UInt8>, _ member: Range<Int>) -> Bool
    ) {
        let span = bytes.readableBytesUInt8Span
        var position = position
        var count = 0
        while let line = nextValue(of: name, after: position) {
            var index = line.start
            while index < line.end {
                guard count < limit else { return }
                count += 1
                let member = Self.member(span, from: index, to: line.end)
                if !member.trimmed.isEmpty, !body(span, member.trimmed) { return }
                index = member.next
            }
            position = line.next
        }
    }

    /// The member that begins here, without white space around it, and where the next one begins. A comma in quotes
    /// belongs to the member.
    private static func member(
        _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
    ) -> (trimmed: Range<Int>, next: Int) {
        var index = start
        var isQuoted = false
        while index < end, isQuoted || bytes[index] != UInt8(ascii: ",") {
            if bytes[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
            index += 1
        }
        return (ASCII.trimmed(bytes, start..<index), index + 1)
    }

    /// Whether a list-valued field has this member, its parameters aside (`text/html;q=0.9` is `text/html`). Of a long
    /// list the first members count.
    /// - Parameters:
    ///   - member: in lower case, unless the field's members are told apart by case.
    ///   - name: in lower case.
    public func lists(_ member: String, in name: String, ignoringCase: Bool = true) -> Bool {
        var isFound = false
        forEachMember(of: name, from: Int(fieldsStart)) { bytes, range in
            var end = range.lowerBound
            while end < range.upperBound, bytes[end] != UInt8(ascii: ";") { end += 1 }
            let name = ASCII.trimmed(bytes, range.lowerBound..<end)
            isFound =
                ignoringCase
                ? ASCII.equal(bytes, from: name.lowerBound, to: name.upperBound, member)
                : ASCII.equalExactly(bytes, name, member)
            return !isFound
        }
        return isFound
    }
}

extension ASCII {
    /// The range without spaces and tabs at its ends.
    static func trimmed(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start] == space || bytes[start] == tab { start += 1 }
        while end > start, bytes[end - 1] == space || bytes[end - 1] == tab { end -= 1 }
        return start..<end
    }

    /// Whether the bytes are the text, case included.
    static func equalExactly(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, _ text: String) -> Bool {
        guard range.count == text.utf8.count else { return false }
        var index = range.lowerBound
        for character in text.utf8 {
            if bytes[index] != character { return false }
            index += 1
        }
        return true
    }
}
