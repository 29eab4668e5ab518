import NIOCore

extension ByteBuffer {
    /// Writes a number without leading zeros.
    mutating func writeDecimal(_ value: Int) {
        guard 0..<100_000_000 ~= value else {
            writeString(String(value))
            return
        }
        var count = 1
        var rest = value / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        writeDigits(value, count: count)
    }

    /// Writes the lowest digits of a number, at most eight, filled up with zeros.
    mutating func writeDigits(_ value: Int, count: Int) {
        writeCharacters(Self.digits(value, count: count), count: count)
    }

    /// Writes the lowest bytes of an integer, at most eight: one store instead of one for each character. Playlists
    /// are written for every part of every rendition, and half of their text is digits.
    mutating func writeCharacters(_ characters: UInt64, count: Int) {
        writeInteger(characters << UInt64(64 - 8 * count))
        moveWriterIndex(to: writerIndex - (8 - count))
    }

    /// The lowest digits as characters, the last one in the lowest byte.
    static func digits(_ value: Int, count: Int) -> UInt64 {
        var characters: UInt64 = 0
        var rest = UInt64(truncatingIfNeeded: value)
        for position in 0..<count {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            characters |= (0x30 + digit) << UInt64(8 * position)
            rest = quotient
        }
        return characters
    }

    /// Writes seconds with five decimals.
    mutating func writeSeconds(samples: Int) {
        let (seconds, fraction) = SampleDuration.decimal(samples)
        writeDecimal(seconds)
        writeCharacters(0x2E << 40 | Self.digits(fraction, count: 5), count: 6)
    }

    /// Writes a quoted string, which may hold neither line breaks nor double quotes (RFC 8216bis §4.2). Double quotes
    /// become single ones, control characters spaces.
    mutating func writeQuoted(_ string: String) {
        writeInteger(UInt8(ascii: "\""))
        if string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x7F }) {
            writeString(string)
        } else {
            for byte in string.utf8 {
                switch byte {
                case 0x22: writeInteger(UInt8(ascii: "'"))
                case 0..<0x20, 0x7F: writeInteger(UInt8(ascii: " "))
                default: writeInteger(byte)
                }
            }
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes the line of a URI; a line break in it would begin another tag, so control characters are left out.
    mutating func writeURILine(_ uri: String) {
        if uri.utf8.allSatisfy({ $0 > 0x20 }) {
            writeString(uri)
        } else {
            for byte in uri.utf8 where byte > 0x20 { writeInteger(byte) }
        }
        writeNewline()
    }

    mutating func writeNewline() {
        writeInteger(UInt8(ascii: "\n"))
    }
}
