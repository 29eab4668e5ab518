import NIOCore

extension ByteBuffer {
    /// The 24-bit big-endian integer at `index`, as RTMP and FLV count lengths and times.
    func getUInt24(at index: Int) -> UInt32? {
        guard let high = getInteger(at: index, as: UInt16.self), let low = getInteger(at: index + 2, as: UInt8.self)
        else { return nil }
        return UInt32(high) << 8 | UInt32(low)
    }

    mutating func readUInt24() -> UInt32? {
        guard let value = getUInt24(at: readerIndex) else { return nil }
        moveReaderIndex(forwardBy: 3)
        return value
    }

    /// Writes the low 24 bits of `value`, big-endian.
    mutating func writeUInt24(_ value: UInt32) {
        writeMultipleIntegers(UInt16(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value))
    }
}
