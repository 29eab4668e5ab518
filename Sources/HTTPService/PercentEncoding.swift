/// Percent-encoding of URLs (RFC 3986 §2.1).
public enum PercentEncoding {
    /// - Parameter plusIsSpace: as in queries and forms.
    /// - Returns: nil for a broken escape, for NUL, and for bytes that are not UTF-8.
    public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(ASCII.hexadecimalValue),
                    let low = iterator.next().flatMap(ASCII.hexadecimalValue), high | low != 0
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(ASCII.space)
            case 0: return nil
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Whether `decode` gives this text; nothing is allocated.
    static func decodes(_ bytes: some Collection<UInt8>, to text: String, plusIsSpace: Bool = false) -> Bool {
        var expected = text.utf8.makeIterator()
        var iterator = bytes.makeIterator()
        while var byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(ASCII.hexadecimalValue),
                    let low = iterator.next().flatMap(ASCII.hexadecimalValue)
                else { return false }
                byte = high << 4 | low
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                byte = ASCII.space
            }
            if byte == 0 || expected.next() != byte { return false }
        }
        return expected.next() == nil
    }

    /// Segments that a path may have: more than any address here has.
    private static let maximumSegments = 32

    /// The segments of a path, decoded: `/hls/a%20b` → `["hls", "a b"]`, `/` → `[]`, `/a/` → `["a", ""]`.
    /// - Returns: nil for a path that nothing should rely on: a broken escape, NUL or another control character,
    ///   `.` and `..` segments, an empty segment before the end, a slash or a backslash within a segment, more than 32
    ///   segments.
    public static func pathSegments(_ path: some Collection<UInt8>) -> [String]? {
        guard path.first == ASCII.slash else { return path.isEmpty ? [] : nil }
        let parts = path.dropFirst().split(
            separator: ASCII.slash, maxSplits: maximumSegments, omittingEmptySubsequences: false)
        guard parts.count <= maximumSegments else { return nil }
        if parts.count == 1, parts[0].isEmpty { return [] }
        var segments: [String] = []
        segments.reserveCapacity(parts.count)
        for (index, part) in parts.enumerated() {
            guard let segment = decode(part), segment != ".", segment != "..",
                !segment.isEmpty || index == parts.count - 1,
                !segment.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C })
            else { return nil }
            segments.append(segment)
        }
        return segments
    }

    /// Encodes everything but unreserved characters, so that the result can stand in a path segment or a query.
    public static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }
}
