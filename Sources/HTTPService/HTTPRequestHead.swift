public import NIOCore

/// A request's head: the request line and the fields, still as the bytes that came. Nothing is copied or decoded
/// before it is asked for; `HTTPHeadParser` has checked the grammar, and remembers in `traits` which of the
/// fields that matter to the server are there at all.
public struct HTTPRequestHead: Sendable {
    public let method: HTTPMethod
    public let version: HTTPVersion
    public let framing: HTTPBodyFraming
    /// From the request line's first byte to the last byte of the empty line.
    var bytes: ByteBuffer
    var traits: Traits
    // Offsets into `bytes`; a head has at most 8 KiB.
    var pathStart: UInt16
    var pathEnd: UInt16
    /// Equal to `pathEnd` where there is no `?`.
    var queryStart: UInt16
    var queryEnd: UInt16
    var fieldsStart: UInt16
    var lines = KnownLines()

    /// Where the first lines of fields lie that a response is chosen by, so that they are found without walking over
    /// the others once more; meaningful where `traits` has the field.
    struct KnownLines: Sendable {
        var range: UInt16 = 0
        var ifNoneMatch: UInt16 = 0
        var acceptEncoding: UInt16 = 0
    }

    struct Traits: OptionSet, Sendable {
        let rawValue: UInt32

        static let connectionClose = Traits(rawValue: 1 << 0)
        static let connectionKeepAlive = Traits(rawValue: 1 << 1)
        static let connectionUpgrade = Traits(rawValue: 1 << 2)
        static let expectContinue = Traits(rawValue: 1 << 3)
        static let acceptEncoding = Traits(rawValue: 1 << 4)
        static let ifNoneMatch = Traits(rawValue: 1 << 5)
        static let range = Traits(rawValue: 1 << 6)
        static let upgrade = Traits(rawValue: 1 << 7)
        static let host = Traits(rawValue: 1 << 8)
        static let contentLength = Traits(rawValue: 1 << 9)
        static let transferEncoding = Traits(rawValue: 1 << 10)
        static let forwarded = Traits(rawValue: 1 << 11)
        /// The path has an escape, a dot segment, an empty segment or a backslash, and must be looked at before
        /// anything relies on it.
        static let unusualPath = Traits(rawValue: 1 << 12)
        /// The target was an absolute URL, whose authority stands before the path and wins over `Host`.
        static let absoluteTarget = Traits(rawValue: 1 << 13)
    }

    /// Whether the connection may carry another request after this one (RFC 9112 §9.3).
    public var keepsAlive: Bool {
        if traits.contains(.connectionClose) { return false }
        return version == .http11 || traits.contains(.connectionKeepAlive)
    }

    /// The client waits for `100 Continue` before it sends the body.
    public var expectsContinue: Bool { traits.contains(.expectContinue) }

    /// The client wants to leave HTTP on this connection (RFC 9110 §7.8).
    public var wantsUpgrade: Bool { traits.isSuperset(of: [.upgrade, .connectionUpgrade]) }

    /// The path as it was sent, not decoded, without the query; `/` where an absolute URL has none, `*` for
    /// `OPTIONS *`.
    public var rawPath: ByteBufferView {
        view(from: pathStart, to: pathEnd)
    }

    /// The path and the query as they were sent.
    var rawTarget: ByteBufferView { view(from: pathStart, to: queryEnd) }

    /// Whether it only reads, at a path that needs no closer look.
    var isPlainRead: Bool { (method == .get || method == .head) && !traits.contains(.unusualPath) }

    /// The path as it was sent, not decoded, without the query.
    public var path: String {
        pathStart == pathEnd ? "/" : text(from: Int(pathStart), to: Int(pathEnd))
    }

    /// What follows the `?`, not decoded; nil where there is none.
    public var rawQuery: ByteBufferView? {
        queryStart == pathEnd ? nil : view(from: queryStart, to: queryEnd)
    }

    /// What follows the `?`, not decoded; nil where there is none.
    public var query: String? {
        queryStart == pathEnd ? nil : text(from: Int(queryStart), to: Int(queryEnd))
    }

    /// Whether the path as it was sent begins with `prefix`.
    public func pathHasPrefix(_ prefix: String) -> Bool {
        let bytes = bytes.readableBytesUInt8Span
        var index = Int(pathStart)
        for character in prefix.utf8 {
            if index >= Int(pathEnd) || bytes[index] != character { return false }
            index += 1
        }
        return true
    }

    /// The first value of a field, without white space around it; bytes that are not UTF-8 are read as Latin-1.
    /// - Parameter name: in lower case.
    public subscript(name: String) -> String? {
        guard let range = nextValue(of: name, after: Int(fieldsStart)) else { return nil }
        return text(from: range.start, to: range.end)
    }

    /// All values of a field in the order in which they were sent.
    /// - Parameter name: in lower case.
    public func values(of name: String) -> [String] {
        var values: [String] = []
        var position = Int(fieldsStart)
        while let range = nextValue(of: name, after: position) {
            values.append(text(from: range.start, to: range.end))
            position = range.next
        }
        return values
    }

    /// Every field as it was sent, names with their own case.
    public var fields: [HTTPField] {
        let bytes = bytes.readableBytesUInt8Span
        var fields: [HTTPField] = []
        var position = Int(fieldsStart)
        while let line = FieldLine(bytes, at: position) {
            fields.append(
                HTTPField(
                    text(from: line.nameStart, to: line.nameEnd), text(from: line.valueStart, to: line.valueEnd)))
            position = line.next
        }
        return fields
    }

    func nextValue(of name: String, after position: Int) -> (start: Int, end: Int, next: Int)? {
        let bytes = bytes.readableBytesUInt8Span
        var position = position
        while let line = FieldLine(bytes, at: position) {
            if ASCII.equal(bytes, from: line.nameStart, to: line.nameEnd, name) {
                return (line.valueStart, line.valueEnd, line.next)
            }
            position = line.next
        }
        return nil
    }

    /// The URL's authority: of an absolute target, otherwise `Host`.
    public var authority: String? {
        guard traits.contains(.absoluteTarget) else { return self["host"] }
        let bytes = bytes.readableBytesUInt8Span
        var start = Int(pathStart)
        while start > 0, bytes[start - 1] != ASCII.slash { start -= 1 }
        return text(from: start, to: Int(pathStart))
    }

    private func view(from start: UInt16, to end: UInt16) -> ByteBufferView {
        bytes.viewBytes(at: bytes.readerIndex + Int(start), length: Int(end) - Int(start)) ?? ByteBufferView()
    }

    func text(from start: Int, to end: Int) -> String {
        guard let slice = bytes.getSlice(at: bytes.readerIndex + start, length: end - start) else { return "" }
        return String(validating: slice.readableBytesView, as: UTF8.self)
            ?? String(String.UnicodeScalarView(slice.readableBytesView.map { Unicode.Scalar($0) }))
    }
}

/// The offsets of one field line of a head that was found to be well-formed.
struct FieldLine {
    let nameStart: Int
    let nameEnd: Int
    let valueStart: Int
    let valueEnd: Int
    let next: Int

    /// nil at the empty line that ends the head.
    init?(_ bytes: borrowing Span<UInt8>, at start: Int) {
        var index = start
        while index < bytes.count, bytes[index] != ASCII.colon {
            if bytes[index] == ASCII.lineFeed { return nil }
            index += 1
        }
        guard index < bytes.count else { return nil }
        nameStart = start
        nameEnd = index
        index += 1
        while index < bytes.count, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        valueStart = index
        while index < bytes.count, bytes[index] != ASCII.lineFeed { index += 1 }
        next = index + 1
        while index > valueStart, bytes[index - 1] <= ASCII.space { index -= 1 }
        valueEnd = index
    }
}
