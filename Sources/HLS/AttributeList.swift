/// The attributes of one tag (RFC 8216bis §4.2): `NAME=value` with commas between them.
struct AttributeList {
    struct Entry {
        var name: String
        /// Without the quotes.
        var value: String
        var isQuoted: Bool
    }

    let tag: String
    let line: Int
    private(set) var entries: [Entry] = []

    /// Tags with more attributes are refused.
    static let countMax = 128

    init(_ text: Substring, tag: String, line: Int) throws(PlaylistError) {
        self.tag = tag
        self.line = line
        var rest = text[...]
        while !rest.isEmpty {
            guard let equals = rest.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                throw .invalidTag(tag, reason: "an attribute has no value", line: line)
            }
            let name = rest[..<equals].drop { $0 == " " }
            rest = rest[rest.utf8.index(after: equals)...]
            let value: Substring
            let isQuoted = rest.utf8.first == UInt8(ascii: "\"")
            if isQuoted {
                rest = rest[rest.utf8.index(after: rest.startIndex)...]
                guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "\"")) else {
                    throw .invalidTag(tag, reason: "\(name) is a string without an end", line: line)
                }
                value = rest[..<end]
                rest = rest[rest.utf8.index(after: end)...]
                guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ",") else {
                    throw .invalidTag(tag, reason: "no comma after \(name)", line: line)
                }
            } else {
                value = rest[..<(rest.utf8.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex)]
                rest = rest[value.endIndex...]
            }
            if !rest.isEmpty { rest = rest[rest.utf8.index(after: rest.startIndex)...] }
            try append(Entry(name: String(name), value: String(value), isQuoted: isQuoted))
        }
    }

    private mutating func append(_ entry: Entry) throws(PlaylistError) {
        guard !entry.name.isEmpty, entries.count < Self.countMax else {
            throw .invalidTag(tag, reason: "an attribute without a name, or more than \(Self.countMax)", line: line)
        }
        guard !entries.contains(where: { $0.name == entry.name }) else { throw invalid(entry.name, "appears twice") }
        entries.append(entry)
    }

    subscript(name: String) -> String? {
        entries.first { $0.name == name }?.value
    }

    func required(_ name: String) throws(PlaylistError) -> String {
        guard let value = self[name] else { throw invalid(name, "is missing") }
        return value
    }

    func integer(_ name: String) throws(PlaylistError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = DecimalInteger.parse(text.utf8) else { throw invalid(name, "is not a decimal integer") }
        return value
    }

    func requiredInteger(_ name: String) throws(PlaylistError) -> Int {
        guard let value = try integer(name) else { throw invalid(name, "is missing") }
        return value
    }

    func samples(_ name: String) throws(PlaylistError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let value = SampleDuration.samples(parsing: text.utf8) else {
            throw invalid(name, "is not a number of seconds")
        }
        return value
    }

    func requiredSamples(_ name: String) throws(PlaylistError) -> Int {
        guard let value = try samples(name) else { throw invalid(name, "is missing") }
        return value
    }

    func date(_ name: String) throws(PlaylistError) -> Int64? {
        guard let text = self[name] else { return nil }
        guard let date = CalendarDate(parsing: text) else { throw invalid(name, "is not an ISO 8601 date") }
        return date.millisecondsSince1970
    }

    func requiredDate(_ name: String) throws(PlaylistError) -> Int64 {
        guard let value = try date(name) else { throw invalid(name, "is missing") }
        return value
    }

    func invalid(_ name: String, _ reason: String) -> PlaylistError {
        .invalidTag(tag, reason: "\(name) \(reason)", line: line)
    }

    func unsupported(_ what: String) -> PlaylistError {
        .unsupported(what, line: line)
    }

    /// Whether a text is a signed decimal such as `-1.5`.
    static func isSignedDecimal(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
        return 1...2 ~= parts.count && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { 0x30...0x39 ~= $0 } }
    }
}

/// A decimal-integer (RFC 8216bis §4.2): digits alone.
enum DecimalInteger {
    /// `nil` for anything but digits, and for numbers that do not fit.
    static func parse(_ bytes: some Collection<UInt8>) -> Int? {
        guard !bytes.isEmpty, bytes.count <= 20 else { return nil }
        var value = 0
        for byte in bytes {
            guard 0x30...0x39 ~= byte else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }
}

extension SampleDuration {
    /// Longer durations (three years) are refused, so that no sum over a playlist can overflow.
    static let secondsMax = 100_000_000

    /// Reads a decimal-floating-point or decimal-integer number of seconds; exact for what this module writes.
    static func samples(parsing bytes: some Collection<UInt8>) -> Int? {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let seconds = DecimalInteger.parse(whole), seconds <= secondsMax else {
            return nil
        }
        guard parts.count == 2 else { return seconds * rate }
        // Nine digits are a millionth of what a sample lasts; more change nothing.
        var nanoseconds = 0
        var digits = 0
        for byte in parts[1] {
            guard 0x30...0x39 ~= byte else { return nil }
            if digits < 9 {
                nanoseconds = nanoseconds * 10 + Int(byte - 0x30)
                digits += 1
            }
        }
        for _ in digits..<9 { nanoseconds *= 10 }
        return seconds * rate + (nanoseconds * rate + 500_000_000) / 1_000_000_000
    }
}
