import NIOCore

extension ByteBuffer {
    mutating func writeDecimal(_ value: Int) {
        writeString(String(value))
    }

    /// Writes the lowest digits of a number, filled up with zeros.
    mutating func writeDigits(_ value: Int, count: Int) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            writeInteger(UInt8(truncatingIfNeeded: 0x30 + value / divisor % 10))
            divisor /= 10
        }
    }

    /// Writes seconds with five decimals.
    mutating func writeSeconds(samples: Int) {
        let (seconds, fraction) = SampleDuration.decimal(samples)
        writeDecimal(seconds)
        writeInteger(UInt8(ascii: "."))
        writeDigits(fraction, count: 5)
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
