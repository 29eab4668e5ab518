/// The parts of a path and the items of the query behind it.
struct PathAndQuery: Sendable, Equatable {
    static let maximumItems = 64

    /// Percent-decoded before it is split, without empty parts, without space at its ends.
    var path: [String]
    var query: [PublishRequest.QueryItem]

    init(_ text: String) {
        var (path, query) = Self.split(text, at: UInt8(ascii: "?"))
        // `live?/KEY`: an empty query that somebody has put more of the path behind.
        if query.first == UInt8(ascii: "/") {
            let (more, rest) = Self.split(query, at: UInt8(ascii: "?"))
            (path, query) = (path + more, rest)
        }
        let slash = UInt8(ascii: "/")
        self.path = Self.unescaped(path).split(separator: slash).map { Self.trimmed($0) }.filter { !$0.isEmpty }
        self.query = query.split(separator: UInt8(ascii: "&")).prefix(Self.maximumItems).map { item in
            let (name, value) = Self.split(item, at: UInt8(ascii: "="))
            return PublishRequest.QueryItem(name: Self.decoded(name), value: Self.decoded(value))
        }
    }

    /// Of an address: scheme and host are left out.
    init(urlPath url: String) {
        let bytes = Array(url.utf8)
        let separator = Array("://".utf8)
        let start = bytes.indices.first { bytes[$0...].starts(with: separator) }
        guard let start, let slash = bytes[(start + 3)...].firstIndex(of: UInt8(ascii: "/")) else {
            self.init("")
            return
        }
        self.init(String(decoding: bytes[slash...], as: UTF8.self))
    }

    private static func split(_ text: some StringProtocol, at byte: UInt8) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        split(Array(text.utf8)[...], at: byte)
    }

    private static func split(_ bytes: ArraySlice<UInt8>, at byte: UInt8) -> (ArraySlice<UInt8>, ArraySlice<UInt8>) {
        guard let index = bytes.firstIndex(of: byte) else { return (bytes, []) }
        return (bytes[..<index], bytes[(index + 1)...])
    }

    /// Keys are pasted with line ends and spaces.
    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let rest = bytes.drop { $0 <= 0x20 }
        let end = rest.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? rest.startIndex
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: unescaped(bytes), as: UTF8.self)
    }

    /// A `%` that begins no escape, or one of a control character, stands for itself.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index >= 3,
                let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue, high >= 2, (high, low) != (7, 15)
            {
                result.append(UInt8(high * 16 + low))
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }
}
