/// Why bytes are not a JSON text.
public enum JSONError: Error, Sendable, Hashable {
    case unexpectedEnd
    case unexpectedByte(UInt8, offset: Int)
    case invalidNumber(offset: Int)
    case invalidString(offset: Int)
    case nestedTooDeeply
}

/// Reads one JSON text (RFC 8259) of at most ``maximumDepth`` levels.
struct JSONParser {
    static let maximumDepth = 32

    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parse() throws(JSONError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipWhitespace()
        guard offset == bytes.count else { throw .unexpectedByte(bytes[offset], offset: offset) }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        guard depth < Self.maximumDepth else { throw .nestedTooDeeply }
        skipWhitespace()
        switch try peek() {
        case UInt8(ascii: "{"): return .object(try parseMembers(depth: depth))
        case UInt8(ascii: "["): return .array(try parseElements(depth: depth))
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        default: return try parseNumber()
        }
    }

    private mutating func parseMembers(depth: Int) throws(JSONError) -> [JSONMember] {
        offset += 1
        var members: [JSONMember] = []
        if try skip(UInt8(ascii: "}")) { return members }
        while true {
            skipWhitespace()
            guard try peek() == UInt8(ascii: "\"") else { throw .unexpectedByte(bytes[offset], offset: offset) }
            let name = try parseString()
            guard try skip(UInt8(ascii: ":")) else { throw .unexpectedByte(bytes[offset], offset: offset) }
            members.append(JSONMember(name, try parseValue(depth: depth + 1)))
            if try skip(UInt8(ascii: "}")) { return members }
            guard try skip(UInt8(ascii: ",")) else { throw .unexpectedByte(bytes[offset], offset: offset) }
        }
    }

    private mutating func parseElements(depth: Int) throws(JSONError) -> [JSONValue] {
        offset += 1
        var elements: [JSONValue] = []
        if try skip(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try parseValue(depth: depth + 1))
            if try skip(UInt8(ascii: "]")) { return elements }
            guard try skip(UInt8(ascii: ",")) else { throw .unexpectedByte(bytes[offset], offset: offset) }
        }
    }

    private mutating func parseWord(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.utf8 {
            guard try peek() == byte else { throw .unexpectedByte(bytes[offset], offset: offset) }
            offset += 1
        }
        return value
    }

    private mutating func skipWhitespace() {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
    }

    /// Skips white space, and the byte if it follows.
    private mutating func skip(_ byte: UInt8) throws(JSONError) -> Bool {
        skipWhitespace()
        guard try peek() == byte else { return false }
        offset += 1
        return true
    }

    private func peek() throws(JSONError) -> UInt8 {
        guard offset < bytes.count else { throw .unexpectedEnd }
        return bytes[offset]
    }
}

// MARK: Numbers

extension JSONParser {
    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = offset
        if try peek() == UInt8(ascii: "-") { offset += 1 }
        let firstDigit = offset
        guard isDigit(try peek()) else { throw .unexpectedByte(bytes[offset], offset: offset) }
        skipDigits()
        if bytes[firstDigit] == UInt8(ascii: "0"), offset - firstDigit > 1 { throw .invalidNumber(offset: start) }
        let isWhole = try !skipFractionAndExponent()
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let integer = Int64(text) { return .integer(integer) }
        guard let real = Double(text), real.isFinite else { throw .invalidNumber(offset: start) }
        return .real(real)
    }

    /// Whether there was a fraction or an exponent.
    private mutating func skipFractionAndExponent() throws(JSONError) -> Bool {
        let start = offset
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            guard isDigit(try peek()) else { throw .invalidNumber(offset: start) }
            skipDigits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            let sign = try peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { offset += 1 }
            guard isDigit(try peek()) else { throw .invalidNumber(offset: start) }
            skipDigits()
        }
        return offset > start
    }

    private mutating func skipDigits() {
        while offset < bytes.count, isDigit(bytes[offset]) { offset += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

// MARK: Strings

extension JSONParser {
    private mutating func parseString() throws(JSONError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        while true {
            let byte = try peek()
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw .invalidString(offset: start) }
                return string
            case UInt8(ascii: "\\"):
                try parseEscape(into: &text)
            case 0..<0x20:
                throw .invalidString(offset: start)
            default:
                text.append(byte)
            }
        }
    }

    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        let letter = try peek()
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(Character(try parseUnicodeEscape())).utf8)
        default: throw .invalidString(offset: offset - 1)
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = offset
        let unit = try parseHexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // What is no scalar is half of a surrogate pair (RFC 8259 §7).
        guard unit < 0xDC00, try peek() == UInt8(ascii: "\\") else { throw .invalidString(offset: start) }
        offset += 1
        guard try peek() == UInt8(ascii: "u") else { throw .invalidString(offset: start) }
        offset += 1
        let low = try parseHexadecimal()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(low - 0xDC00))
        else { throw .invalidString(offset: start) }
        return scalar
    }

    private mutating func parseHexadecimal() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            let byte = try peek()
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw .invalidString(offset: offset)
            }
            value = value << 4 | UInt16(digit)
            offset += 1
        }
        return value
    }
}

extension JSONValue {
    /// Reads one JSON text.
    public init(decoding bytes: some Sequence<UInt8>) throws(JSONError) {
        var parser = JSONParser(Array(bytes))
        self = try parser.parse()
    }
}
