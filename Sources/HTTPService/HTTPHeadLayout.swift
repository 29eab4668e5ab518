/// Where the parts of a head lie, counted from the first byte of the buffer, and what its fields say about
/// framing. One pass over the bytes; nothing is allocated.
struct HTTPHeadLayout {
    var method = HTTPMethod.get
    var version = HTTPVersion.http11
    var traits: HTTPRequestHead.Traits = []
    /// First byte of the request line, after empty lines before it.
    var start = 0
    var pathStart = 0
    var pathEnd = 0
    var queryStart = 0
    var queryEnd = 0
    var fieldsStart = 0
    /// First byte after the empty line.
    var end = 0
    private(set) var lines = HTTPRequestHead.KnownLines()
    private var contentLength = 0

    /// An offset counted from the request line. A head has at most 8 KiB, so that 16 bits are enough.
    func offset(_ position: Int) -> UInt16 { UInt16(truncatingIfNeeded: position &- start) }

    /// What the fields say about the body. `Content-Length` beside `Transfer-Encoding`, and a coding in
    /// HTTP/1.0, which does not know it, are refused: two parties could see two different requests in them.
    func framing() throws(HTTPHeadError) -> HTTPBodyFraming {
        if traits.contains(.transferEncoding) {
            if traits.contains(.contentLength) || version != .http11 { throw .ambiguousLength }
            return .chunked
        }
        return traits.contains(.contentLength) ? .length(contentLength) : .none
    }

    /// - Returns: false while the head is incomplete.
    mutating func read(_ bytes: borrowing Span<UInt8>) throws(HTTPHeadError) -> Bool {
        while start < bytes.count, bytes[start] == ASCII.carriageReturn || bytes[start] == ASCII.lineFeed {
            // Some clients end a body with a line end that nobody counts (RFC 9112 §2.2).
            start += 1
            if start > 4 { throw .malformedRequestLine }
        }
        guard var position = try readRequestLine(bytes) else { return false }
        fieldsStart = position
        var count = 0
        while true {
            guard position < bytes.count else { return false }
            let first = bytes[position]
            if first == ASCII.lineFeed || first == ASCII.carriageReturn {
                guard let next = try Self.lineEnd(bytes, at: position, else: .malformedField) else { return false }
                end = next
                return true
            }
            if first == ASCII.space || first == ASCII.tab { throw .foldedField }
            count += 1
            if count > HTTPHeadParser.maximumFieldCount || position > HTTPHeadParser.maximumHeadSize {
                throw .tooLarge
            }
            guard let next = try readField(bytes, at: position) else { return false }
            position = next
        }
    }

    /// The position behind LF, CR LF or CR CR LF; nil if the bytes end before that is known.
    private static func lineEnd(
        _ bytes: borrowing Span<UInt8>, at start: Int, else error: HTTPHeadError
    ) throws(HTTPHeadError) -> Int? {
        var index = start
        while index < bytes.count, index - start < 3 {
            if bytes[index] == ASCII.lineFeed { return index + 1 }
            if bytes[index] != ASCII.carriageReturn || index - start == 2 { throw error }
            index += 1
        }
        return nil
    }

    private mutating func readRequestLine(_ bytes: borrowing Span<UInt8>) throws(HTTPHeadError) -> Int? {
        var index = start
        while index < bytes.count, bytes[index] != ASCII.space {
            if !ASCII.isToken(bytes[index]) || index - start > 20 { throw .malformedRequestLine }
            index += 1
        }
        guard index < bytes.count else { return nil }
        method = try Self.method(bytes, from: start, to: index)
        let targetStart = index + 1
        guard let targetEnd = try readTarget(bytes, from: targetStart) else { return nil }
        let versionStart = targetEnd + 1
        index = versionStart
        while index < bytes.count, bytes[index] > ASCII.space {
            if index - versionStart > 10 { throw .unsupportedVersion }
            index += 1
        }
        guard index < bytes.count else { return nil }
        version = try Self.version(bytes, from: versionStart, to: index)
        return try Self.lineEnd(bytes, at: index, else: .malformedRequestLine)
    }

    /// - Returns: the position of the space behind the target.
    private mutating func readTarget(_ bytes: borrowing Span<UInt8>, from first: Int) throws(HTTPHeadError) -> Int? {
        guard first < bytes.count else { return nil }
        pathStart = first
        if bytes[first] != ASCII.slash {
            if bytes[first] == UInt8(ascii: "*") {
                guard first + 1 < bytes.count else { return nil }
                if method != .options || bytes[first + 1] != ASCII.space { throw .malformedTarget }
            } else {
                guard let start = try Self.pathOfAbsoluteTarget(bytes, from: first) else { return nil }
                pathStart = start
                traits.insert(.absoluteTarget)
            }
        }
        var index = pathStart
        var previous: UInt8 = 0
        var query: Int?
        while index < bytes.count {
            let byte = bytes[index]
            if byte <= ASCII.space || byte == 0x7F || byte == UInt8(ascii: "#") {
                guard byte == ASCII.space else { throw .malformedTarget }
                pathEnd = query ?? index
                queryStart = query.map { $0 + 1 } ?? index
                queryEnd = index
                return index
            }
            if query == nil {
                switch byte {
                case UInt8(ascii: "?"): query = index
                case UInt8(ascii: "%"), UInt8(ascii: "\\"): traits.insert(.unusualPath)
                case UInt8(ascii: "."), ASCII.slash:
                    if previous == ASCII.slash { traits.insert(.unusualPath) }
                default: break
                }
                previous = byte
            }
            index += 1
            if index > HTTPHeadParser.maximumHeadSize { throw .tooLarge }
        }
        return nil
    }

    /// Where the path of `http://authority/path` begins; the end of the authority where there is no path.
    private static func pathOfAbsoluteTarget(
        _ bytes: borrowing Span<UInt8>, from first: Int
    ) throws(HTTPHeadError) -> Int? {
        var index = first
        while index < bytes.count, bytes[index] != ASCII.colon {
            if index - first > 5 || !ASCII.isToken(bytes[index]) { throw .malformedTarget }
            index += 1
        }
        guard ASCII.equal(bytes, from: first, to: index, "http") || ASCII.equal(bytes, from: first, to: index, "https")
        else {
            if index == bytes.count { return nil }
            throw .malformedTarget
        }
        guard index + 2 < bytes.count else { return nil }
        guard bytes[index + 1] == ASCII.slash, bytes[index + 2] == ASCII.slash else { throw .malformedTarget }
        let authority = index + 3
        index = authority
        while index < bytes.count {
            switch bytes[index] {
            case ASCII.slash, UInt8(ascii: "?"), ASCII.space:
                if index == authority { throw .malformedTarget }
                return index
            case 0...0x1F, 0x7F..., UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "\\"): throw .malformedTarget
            default: index += 1
            }
        }
        return nil
    }

    private static func method(
        _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
    ) throws(HTTPHeadError) -> HTTPMethod {
        guard end > start else { throw .malformedRequestLine }
        // Methods are case-sensitive, and no two known ones share length and first letter.
        let (method, name): (HTTPMethod, String) =
            switch (end - start, bytes[start]) {
            case (3, UInt8(ascii: "G")): (.get, "GET")
            case (4, UInt8(ascii: "H")): (.head, "HEAD")
            case (4, UInt8(ascii: "P")): (.post, "POST")
            case (3, UInt8(ascii: "P")): (.put, "PUT")
            case (5, UInt8(ascii: "P")): (.patch, "PATCH")
            case (6, UInt8(ascii: "D")): (.delete, "DELETE")
            case (7, UInt8(ascii: "O")): (.options, "OPTIONS")
            case (6, UInt8(ascii: "S")): (.source, "SOURCE")
            default: throw .unknownMethod
            }
        var index = start
        for character in name.utf8 {
            if bytes[index] != character { throw .unknownMethod }
            index += 1
        }
        return method
    }

    private static func version(
        _ bytes: borrowing Span<UInt8>, from start: Int, to end: Int
    ) throws(HTTPHeadError) -> HTTPVersion {
        if ASCII.equal(bytes, from: start, to: end, "ice/1.0") { return .ice10 }
        guard end - start == 8, ASCII.equal(bytes, from: start, to: start + 5, "http/"),
            ASCII.isDigit(bytes[end - 3]), bytes[end - 2] == UInt8(ascii: "."), ASCII.isDigit(bytes[end - 1])
        else { throw end > start ? .unsupportedVersion : .malformedRequestLine }
        guard bytes[end - 3] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        return bytes[end - 1] == UInt8(ascii: "0") ? .http10 : .http11
    }

    /// - Returns: the start of the next line; nil while this one is incomplete.
    private mutating func readField(_ bytes: borrowing Span<UInt8>, at lineStart: Int) throws(HTTPHeadError) -> Int? {
        var index = lineStart
        while index < bytes.count, bytes[index] != ASCII.colon {
            if !ASCII.isToken(bytes[index]) { throw .malformedField }
            index += 1
        }
        guard index < bytes.count else { return nil }
        guard index > lineStart else { throw .malformedField }
        let nameEnd = index
        index += 1
        while index < bytes.count, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        let valueStart = index
        while index < bytes.count, ASCII.isFieldContent(bytes[index]) { index += 1 }
        guard index < bytes.count else { return nil }
        guard let next = try Self.lineEnd(bytes, at: index, else: .malformedField) else { return nil }
        while index > valueStart, bytes[index - 1] == ASCII.space || bytes[index - 1] == ASCII.tab { index -= 1 }
        try note(bytes, name: lineStart..<nameEnd, value: valueStart..<index)
        return next
    }

    /// Remembers the fields that the server itself acts upon. The length of the name decides first, so that most
    /// fields cost one comparison.
    private mutating func note(
        _ bytes: borrowing Span<UInt8>, name: Range<Int>, value: Range<Int>
    ) throws(HTTPHeadError) {
        func isNamed(_ text: String, _ bytes: borrowing Span<UInt8>) -> Bool {
            ASCII.equal(bytes, from: name.lowerBound, to: name.upperBound, text)
        }
        switch name.count {
        case 4 where isNamed("host", bytes):
            if traits.contains(.host) { throw .hostMissingOrRepeated }
            traits.insert(.host)
        case 5 where isNamed("range", bytes):
            if traits.insert(.range).inserted { lines.range = offset(name.lowerBound) }
        case 6 where isNamed("expect", bytes):
            guard ASCII.equal(bytes, from: value.lowerBound, to: value.upperBound, "100-continue") else {
                throw .unsupportedExpectation
            }
            traits.insert(.expectContinue)
        case 7 where isNamed("upgrade", bytes): traits.insert(.upgrade)
        case 9 where isNamed("forwarded", bytes): traits.insert(.forwarded)
        case 10 where isNamed("connection", bytes): noteConnection(bytes, value)
        case 13 where isNamed("if-none-match", bytes):
            if traits.insert(.ifNoneMatch).inserted { lines.ifNoneMatch = offset(name.lowerBound) }
        case 14 where isNamed("content-length", bytes): try noteContentLength(bytes, value)
        case 15 where isNamed("accept-encoding", bytes):
            if traits.insert(.acceptEncoding).inserted { lines.acceptEncoding = offset(name.lowerBound) }
        case 15 where isNamed("x-forwarded-for", bytes): traits.insert(.forwarded)
        case 16 where isNamed("x-forwarded-host", bytes): traits.insert(.forwarded)
        case 17 where isNamed("x-forwarded-proto", bytes): traits.insert(.forwarded)
        case 17 where isNamed("transfer-encoding", bytes):
            guard !traits.contains(.transferEncoding),
                ASCII.equal(bytes, from: value.lowerBound, to: value.upperBound, "chunked")
            else { throw .unsupportedTransferCoding }
            traits.insert(.transferEncoding)
        default: break
        }
    }

    private mutating func noteContentLength(
        _ bytes: borrowing Span<UInt8>, _ value: Range<Int>
    ) throws(HTTPHeadError) {
        // 18 digits fit 64 bits without a check for overflow.
        guard !traits.contains(.contentLength), (1...18).contains(value.count) else { throw .ambiguousLength }
        for index in value {
            guard ASCII.isDigit(bytes[index]) else { throw .ambiguousLength }
            contentLength = contentLength &* 10 &+ Int(bytes[index] &- 0x30)
        }
        traits.insert(.contentLength)
    }

    private mutating func noteConnection(_ bytes: borrowing Span<UInt8>, _ value: Range<Int>) {
        var index = value.lowerBound
        var count = 0
        while index < value.upperBound, count < HTTPRequestHead.maximumMembers {
            let start = index
            while index < value.upperBound, ASCII.isToken(bytes[index]) { index += 1 }
            switch index - start {
            case 5 where ASCII.equal(bytes, from: start, to: index, "close"): traits.insert(.connectionClose)
            case 7 where ASCII.equal(bytes, from: start, to: index, "upgrade"): traits.insert(.connectionUpgrade)
            case 10 where ASCII.equal(bytes, from: start, to: index, "keep-alive"):
                traits.insert(.connectionKeepAlive)
            default: break
            }
            while index < value.upperBound, !ASCII.isToken(bytes[index]) { index += 1 }
            count += 1
        }
    }
}
