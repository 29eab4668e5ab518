extension String {
    /// Text of an encoder that does not say how it is coded: UTF-8 if it is that, otherwise windows-1252, which is what
    /// old software of Western Europe sends and which has all of Latin-1.
    public init(undeclared bytes: some Collection<UInt8>) {
        if let text = String(validating: bytes, as: UTF8.self) {
            self = text
        } else {
            self = String(String.UnicodeScalarView(bytes.map(Self.windows1252)))
        }
    }

    /// The same of a text that was cut at `maximumBytes`: a character that the cut goes through is left out.
    public init(undeclared bytes: some Collection<UInt8>, maximumBytes: Int) {
        guard bytes.count > maximumBytes else {
            self = String(undeclared: bytes)
            return
        }
        let cut = bytes.prefix(maximumBytes)
        self = String(undeclared: cut.dropLast(Self.openLength(Array(cut.suffix(4)))))
    }

    /// Bytes at the end that begin a character of UTF-8 and do not end it.
    private static func openLength(_ tail: [UInt8]) -> Int {
        let continuations = tail.reversed().prefix { $0 & 0xC0 == 0x80 }.count
        guard continuations < tail.count else { return 0 }
        let needed =
            switch tail[tail.count - 1 - continuations] {
            case 0xC2...0xDF: 1
            case 0xE0...0xEF: 2
            case 0xF0...0xF4: 3
            default: 0
            }
        return needed > continuations ? continuations + 1 : 0
    }

    private static func windows1252(_ byte: UInt8) -> Unicode.Scalar {
        guard (0x80..<0xA0).contains(byte) else { return Unicode.Scalar(byte) }
        return Unicode.Scalar(punctuation[Int(byte) - 0x80]) ?? Unicode.Scalar(byte)
    }

    /// 0x80 to 0x9F; five of them stand for nothing and stay control characters.
    private static let punctuation: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D,
        0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D, 0x17E,
        0x178,
    ]
}
