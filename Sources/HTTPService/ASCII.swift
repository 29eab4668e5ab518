/// The byte classes of HTTP's grammar.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon: UInt8 = 0x3A
    static let slash: UInt8 = 0x2F

    // One bit a character, so that the parser's test is a shift and a mask and not a table in memory:
    // !#$%&'*+-. and digits; letters and ^_`|~.
    private static let tokenBelow64: UInt64 = 0x03FF_6CFA_0000_0000
    private static let tokenAbove64: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    /// `tchar` of RFC 9110 §5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        if byte < 64 { return (tokenBelow64 >> UInt64(byte)) & 1 == 1 }
        return byte < 128 && (tokenAbove64 >> UInt64(byte &- 64)) & 1 == 1
    }

    /// What may stand in a field's value: everything but control characters.
    static func isFieldContent(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == tab
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Whether the bytes are the lower-case `text`, whatever their own case.
    static func equal(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int, _ text: String) -> Bool {
        guard end - start == text.utf8.count else { return false }
        var index = start
        for character in text.utf8 {
            if lowercase(bytes[index]) != character { return false }
            index += 1
        }
        return true
    }
}
