/// What is read of a store's XML: elements and their text.
///
/// The store is a peer, so its answers are bounded: size (by whoever reads them), depth and number of elements. A
/// document type is refused, and with it every entity but the five that XML has; attributes are passed over.
struct XMLElement: Sendable, Equatable {
    /// Without the namespace's prefix.
    var name: String
    var text = ""
    var children: [XMLElement] = []

    enum Failure: Error, Equatable {
        case notWellFormed
        case tooDeep
        case tooMany
        case documentType
    }

    static let maximumDepth = 16
    static let maximumCount = 50_000

    /// Text of the first child of that name.
    subscript(_ name: String) -> String? { children.first { $0.name == name }?.text }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    init(name: String) { self.name = name }

    init(parsing bytes: some Sequence<UInt8>) throws(Failure) {
        var reader = XMLReader(Array(bytes))
        self = try reader.document()
    }
}

/// A cursor over a document.
private struct XMLReader {
    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // The byte-order mark.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func document() throws(XMLElement.Failure) -> XMLElement {
        var open: [XMLElement] = []
        while position < bytes.count {
            guard take("<") else {
                let text = try self.text()
                if open.isEmpty {
                    guard text.allSatisfy(\.isWhitespace) else { throw .notWellFormed }
                } else {
                    open[open.count - 1].text += text
                }
                continue
            }
            if take("?") {
                _ = try upTo("?>")
            } else if take("!--") {
                _ = try upTo("-->")
            } else if take("![CDATA[") {
                guard !open.isEmpty else { throw .notWellFormed }
                open[open.count - 1].text += String(decoding: try upTo("]]>"), as: UTF8.self)
            } else if take("!") {
                throw .documentType
            } else if take("/") {
                let name = Self.localName(try upTo(">"))
                guard let closed = open.popLast(), closed.name == name else { throw .notWellFormed }
                if open.isEmpty { return closed }
                open[open.count - 1].children.append(closed)
            } else {
                let (element, isEmpty) = try start()
                count += 1
                guard count <= XMLElement.maximumCount else { throw .tooMany }
                if !isEmpty {
                    guard open.count < XMLElement.maximumDepth else { throw .tooDeep }
                    open.append(element)
                } else if open.isEmpty {
                    return element
                } else {
                    open[open.count - 1].children.append(element)
                }
            }
        }
        throw .notWellFormed
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = text.utf8
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    /// What lies before `end`, which is passed.
    private mutating func upTo(_ end: String) throws(XMLElement.Failure) -> ArraySlice<UInt8> {
        let start = position
        while position < bytes.count {
            let here = position
            if take(end) { return bytes[start..<here] }
            position += 1
        }
        throw .notWellFormed
    }

    /// A start tag behind its `<`. Quoted values may contain `>`.
    private mutating func start() throws(XMLElement.Failure) -> (element: XMLElement, isEmpty: Bool) {
        let start = position
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                var tag = bytes[start..<(position - 1)]
                let isEmpty = tag.last == UInt8(ascii: "/")
                if isEmpty { tag.removeLast() }
                let name = Self.localName(tag)
                guard !name.isEmpty else { throw .notWellFormed }
                return (XMLElement(name: name), isEmpty)
            }
        }
        throw .notWellFormed
    }

    private static func localName(_ tag: ArraySlice<UInt8>) -> String {
        let name = tag.prefix { !(0x09...0x0D).contains($0) && $0 != 0x20 }
        return String(decoding: name.split(separator: UInt8(ascii: ":")).last ?? [], as: UTF8.self)
    }

    /// Text up to the next `<`, its references resolved.
    private mutating func text() throws(XMLElement.Failure) -> String {
        let end = bytes[position...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
        defer { position = end }
        let raw = String(decoding: bytes[position..<end], as: UTF8.self)
        guard raw.utf8.contains(UInt8(ascii: "&")) else { return raw }
        var pieces = raw.split(separator: "&", omittingEmptySubsequences: false)
        var text = String(pieces.removeFirst())
        for piece in pieces {
            guard let semicolon = piece.firstIndex(of: ";"), let character = Self.referred(piece[..<semicolon]) else {
                throw .notWellFormed
            }
            text.unicodeScalars.append(character)
            text += piece[piece.index(after: semicolon)...]
        }
        return text
    }

    private static func referred(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": "&"
        case "lt": "<"
        case "gt": ">"
        case "quot": "\""
        case "apos": "'"
        case _ where name.hasPrefix("#x"): UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        case _ where name.hasPrefix("#"): UInt32(name.dropFirst(1)).flatMap(Unicode.Scalar.init)
        default: nil
        }
    }
}
