import NIOCore

extension ByteBuffer {
    /// Appends a box around what `body` appends; the size is filled in afterwards.
    mutating func writeBox(_ type: FourCharacterCode, _ body: (inout ByteBuffer) -> Void) {
        let start = writerIndex
        writeMultipleIntegers(UInt32(0), type.rawValue)
        body(&self)
        // A ByteBuffer cannot hold more than UInt32.max bytes, so the size always fits.
        setInteger(UInt32(truncatingIfNeeded: writerIndex - start), at: start)
    }

    /// Appends a box that begins with a version and 24 flag bits (ISO/IEC 14496-12 §4.2 FullBox).
    mutating func writeFullBox(
        _ type: FourCharacterCode,
        version: UInt8 = 0,
        flags: UInt32 = 0,
        _ body: (inout ByteBuffer) -> Void
    ) {
        writeBox(type) { buffer in
            buffer.writeInteger(UInt32(version) << 24 | flags & 0x00FF_FFFF)
            body(&buffer)
        }
    }

    /// Appends a string and its terminating zero; a zero inside the string would end it early, so it ends there.
    mutating func writeTerminatedString(_ string: String) {
        for byte in string.utf8.prefix(while: { $0 != 0 }) {
            writeInteger(byte)
        }
        writeInteger(UInt8(0))
    }
}
