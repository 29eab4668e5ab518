import NIOCore

/// Writes the attributes of one tag, with commas between them (RFC 8216bis §4.2). The caller ends the line.
struct AttributeWriter {
    private var isFirst = true

    init(tag: String, into buffer: inout ByteBuffer) {
        buffer.writeString(tag)
    }

    private mutating func writeName(_ name: String, into buffer: inout ByteBuffer) {
        if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
        isFirst = false
        buffer.writeString(name)
    }

    mutating func write(_ name: String, integer: Int, into buffer: inout ByteBuffer) {
        writeName(name, into: &buffer)
        buffer.writeDecimal(integer)
    }

    mutating func write(_ name: String, samples: Int, into buffer: inout ByteBuffer) {
        writeName(name, into: &buffer)
        buffer.writeSeconds(samples: samples)
    }

    /// Writes what is not quoted: an enumerated string, a number in hexadecimal.
    mutating func write(_ name: String, enumerated: String, into buffer: inout ByteBuffer) {
        writeName(name, into: &buffer)
        buffer.writeString(enumerated)
    }

    mutating func write(_ name: String, quoted: String, into buffer: inout ByteBuffer) {
        writeName(name, into: &buffer)
        buffer.writeQuoted(quoted)
    }

    mutating func write(_ name: String, dateMilliseconds: Int64, into buffer: inout ByteBuffer) {
        writeName(name, into: &buffer)
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeDate(CalendarDate(millisecondsSince1970: dateMilliseconds))
        buffer.writeInteger(UInt8(ascii: "\""))
    }
}
