/// The type of a box, a brand or an ID3 frame: four bytes, usually printable (ISO/IEC 14496-12 §4.2).
public struct FourCharacterCode: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }
}

extension FourCharacterCode: ExpressibleByStringLiteral {
    /// Takes the first four bytes; a shorter literal is filled up with spaces, as boxes with short names are.
    public init(stringLiteral value: String) {
        var code: UInt32 = 0
        var taken = 0
        for byte in value.utf8.prefix(4) {
            code = code << 8 | UInt32(byte)
            taken += 1
        }
        for _ in taken..<4 {
            code = code << 8 | 0x20
        }
        self.init(rawValue: code)
    }
}

extension FourCharacterCode: CustomStringConvertible {
    /// The four characters; bytes that cannot be printed as `.`.
    public var description: String {
        let bytes = [24, 16, 8, 0].map { shift in UInt8(truncatingIfNeeded: rawValue >> UInt32(shift)) }
        return String(decoding: bytes.map { 0x20..<0x7F ~= $0 ? $0 : 0x2E }, as: UTF8.self)
    }
}
