/// The parts of a path and the items of the query behind it.
struct PathAndQuery: Sendable, Equatable {
    static let maximumItems = 64

    /// Not percent-decoded, without empty parts, without space at its ends.
    var path: [String]
    var query: [PublishRequest.QueryItem]

    init(_ text: String) {
        let (path, query) = Self.split(text, at: UInt8(ascii: "?"))
        self.path = path.split(separator: UInt8(ascii: "/")).map { Self.trimmed($0) }.filter { !$0.isEmpty }
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
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%"), bytes.endIndex - index >= 3,
                let value = UInt8(String(decoding: bytes[(index + 1)..<(index + 3)], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
