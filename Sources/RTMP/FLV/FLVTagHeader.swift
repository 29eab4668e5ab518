import NIOCore

/// The 11 bytes before each tag's body (FLV 10.1 §E.4.1).
struct FLVTagHeader: Sendable, Equatable {
    static let byteCount = 11

    /// Message type, five bits.
    var type: UInt8
    /// Whether the body is encrypted.
    var isFiltered: Bool
    /// Bytes of the body.
    var length: Int
    /// Milliseconds; the top eight bits stand behind the others.
    var timestamp: UInt32

    /// Reads without consuming; nil when bytes are missing.
    init?(at index: Int, of bytes: ByteBuffer) {
        guard index + Self.byteCount <= bytes.writerIndex,
            let first = bytes.getInteger(at: index, as: UInt8.self),
            let length = bytes.getUInt24(at: index + 1),
            let low = bytes.getUInt24(at: index + 4),
            let high = bytes.getInteger(at: index + 7, as: UInt8.self)
        else { return nil }
        type = first & 0x1F
        isFiltered = first & 0x20 != 0
        self.length = Int(length)
        timestamp = UInt32(high) << 24 | low
    }
}
