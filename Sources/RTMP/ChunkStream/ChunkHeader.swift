import NIOCore

/// The first one to three bytes of a chunk (RTMP 1.0 §5.3.1.1).
struct ChunkBasicHeader: Sendable, Equatable {
    /// Chunk type 0…3, which tells how much of the message header follows.
    var format: UInt8
    /// 2…65599.
    var chunkStreamID: Int
    /// Bytes that the basic header takes.
    var byteCount: Int

    /// Reads without consuming; nil when bytes are missing.
    init?(at index: Int, of bytes: ByteBuffer) {
        guard let first = bytes.getInteger(at: index, as: UInt8.self) else { return nil }
        format = first >> 6
        switch first & 0x3F {
        case 0:
            guard let next = bytes.getInteger(at: index + 1, as: UInt8.self) else { return nil }
            chunkStreamID = 64 + Int(next)
            byteCount = 2
        case 1:
            guard let next = bytes.getInteger(at: index + 1, endianness: .little, as: UInt16.self) else { return nil }
            chunkStreamID = 64 + Int(next)
            byteCount = 3
        case let id:
            chunkStreamID = Int(id)
            byteCount = 1
        }
    }
}

/// The message header of a chunk of type 0, 1 or 2 (RTMP 1.0 §5.3.1.2) with its extended timestamp (§5.3.1.3).
struct ChunkMessageHeader: Sendable, Equatable {
    /// Milliseconds: absolute in type 0, a difference in types 1 and 2.
    var timestamp: UInt32
    /// Whether the timestamp took four more bytes behind the header.
    var isExtended: Bool
    /// Absent in type 2.
    var length: Int?
    /// Absent in type 2.
    var messageType: UInt8?
    /// Present in type 0 alone; little-endian, unlike everything else.
    var messageStreamID: UInt32?
    /// Bytes that the header takes, with the extended timestamp.
    var byteCount: Int

    /// Reads without consuming; nil when bytes are missing.
    init?(format: UInt8, at index: Int, of bytes: ByteBuffer) {
        guard let field = bytes.getUInt24(at: index) else { return nil }
        byteCount = 3
        if format < 2 {
            guard let length = bytes.getUInt24(at: index + 3),
                let type = bytes.getInteger(at: index + 6, as: UInt8.self)
            else { return nil }
            self.length = Int(length)
            messageType = type
            byteCount = 7
        }
        if format == 0 {
            guard let id = bytes.getInteger(at: index + 7, endianness: .little, as: UInt32.self) else { return nil }
            messageStreamID = id
            byteCount = 11
        }
        isExtended = field == 0xFF_FFFF
        timestamp = field
        if isExtended {
            guard let extended = bytes.getInteger(at: index + byteCount, as: UInt32.self) else { return nil }
            timestamp = extended
            byteCount += 4
        }
    }
}
