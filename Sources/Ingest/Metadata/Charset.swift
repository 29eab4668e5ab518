import Glibc

/// A charset that an encoder names, such as `windows-1251`, read by the C library's iconv.
///
/// A peer chooses the name: it is one of the families that encoders use, and none that keeps a state between
/// characters, whose converters have had holes.
struct Charset {
    private let name: String

    private static let families = [
        "UTF-8", "UTF8", "UTF-16", "UTF16", "UTF-32", "UTF32", "US-ASCII", "ASCII", "ISO-8859-", "ISO8859-",
        "ISO_8859-",
        "ISO8859_", "ISO_8859_", "LATIN", "L1", "WINDOWS-", "CP", "WINDOWS125", "KOI8-", "KOI8", "SHIFT_JIS",
        "SHIFT-JIS",
        "SJIS", "EUC-", "EUCJP", "EUCKR", "GB2312", "GBK", "GB18030", "BIG5", "BIG-5", "TIS-620", "TIS620", "MACINTOSH",
        "MAC-", "VISCII", "ARMSCII",
    ]

    /// - Parameter name: in upper or lower case.
    /// - Returns: `nil` for a name that is not known.
    init?(_ name: String) {
        let upper = name.uppercased()
        guard (1...32).contains(name.utf8.count),
            upper.utf8.allSatisfy({ byte in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_:.".utf8.contains(byte)
            }), Self.families.contains(where: upper.hasPrefix)
        else { return nil }
        // Names that iconv knows by another spelling.
        self.name = upper.hasPrefix("WINDOWS125") ? "CP" + upper.dropFirst(7) : upper
        guard decode([UInt8]()) != nil else { return nil }
    }

    /// - Returns: `nil` where the bytes are no text of this charset.
    func decode(_ bytes: [UInt8]) -> String? {
        guard let converter = iconv_open("UTF-8", name), Int(bitPattern: converter) != -1 else { return nil }
        defer { iconv_close(converter) }
        var input = bytes.map(CChar.init(bitPattern:))
        // No character of one byte takes more than four in UTF-8.
        var output = [CChar](repeating: 0, count: bytes.count * 4 + 16)
        let count: Int? = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                var (source, sourceLeft) = (input.baseAddress, input.count)
                var (target, targetLeft) = (output.baseAddress, output.count)
                let converted = iconv(converter, &source, &sourceLeft, &target, &targetLeft)
                guard converted != size_t.max, sourceLeft == 0 else { return nil }
                // A letter that a mark could follow is kept back until the end is told (windows-1255, windows-1258).
                guard iconv(converter, nil, nil, &target, &targetLeft) != size_t.max else { return nil }
                return output.count - targetLeft
            }
        }
        return count.map { String(decoding: output[..<$0].map(UInt8.init(bitPattern:)), as: UTF8.self) }
    }
}
