import NIOCore

/// An entity tag that follows from the bytes alone, so that all origins behind a balancer give the same one.
enum ContentTag {
    /// FNV-1a with 64 bits. It tells versions of one playlist apart; nobody gains anything by a collision.
    static func text(_ body: ByteBuffer) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let bytes = body.readableBytesUInt8Span
        for index in bytes.indices { hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
