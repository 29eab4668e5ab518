import NIOCore

/// A message from the bus that cannot be read.
public enum WireError: Error, Equatable {
    /// Written by a newer version of Twitchy: update this process.
    case unknownVersion(UInt8)
    /// Cut short or damaged; it is set aside.
    case malformed
}

extension ByteBuffer {
    mutating func writeText(_ text: String) {
        let index = writerIndex
        writeInteger(UInt16(0))
        let written = writeString(String(decoding: text.utf8.prefix(Int(UInt16.max)), as: UTF8.self))
        setInteger(UInt16(clamping: written), at: index)
    }

    mutating func readText() throws(WireError) -> String {
        guard let length: UInt16 = readInteger(), let text = readString(length: Int(length)) else {
            throw .malformed
        }
        return text
    }

    mutating func writeBlock(_ bytes: ByteBuffer) {
        writeInteger(UInt32(bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }

    mutating func readBlock() throws(WireError) -> ByteBuffer {
        guard let length: UInt32 = readInteger(), let block = readSlice(length: Int(length)) else {
            throw .malformed
        }
        return block
    }

    /// A position on a stream's clock, or a length: never beyond ``Timeline/farthestPosition``.
    mutating func readPosition() throws(WireError) -> Int64 {
        let position: Int64 = try readWire()
        guard (0...Timeline.farthestPosition).contains(position) else { throw .malformed }
        return position
    }

    /// Microseconds before or since 1970, within 9,000 years.
    mutating func readDate() throws(WireError) -> Int64 {
        let microseconds: Int64 = try readWire()
        guard microseconds.magnitude < 1 << 58 else { throw .malformed }
        return microseconds
    }

    mutating func readWire<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(WireError) -> Number {
        guard let number: Number = readInteger() else { throw .malformed }
        return number
    }
}
