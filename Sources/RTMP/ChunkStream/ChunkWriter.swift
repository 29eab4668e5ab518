import NIOCore

/// Writes the server's own messages: chunk type 0, timestamp 0, low chunk stream ids, which every client reads.
struct ChunkWriter: Sendable {
    /// Chunk streams that the server writes on.
    enum Channel: UInt8, Sendable {
        case control = 2
        case command = 3
        case status = 5
    }

    private(set) var chunkSize = 128

    func write(
        _ type: MessageType, on channel: Channel, streamID: UInt32 = 0, payload: ByteBuffer,
        into output: inout ByteBuffer
    ) {
        output.writeInteger(channel.rawValue)
        output.writeUInt24(0)
        output.writeUInt24(UInt32(payload.readableBytes))
        output.writeInteger(type.rawValue)
        output.writeInteger(streamID, endianness: .little)
        var rest = payload
        while let chunk = rest.readSlice(length: min(chunkSize, rest.readableBytes)) {
            output.writeImmutableBuffer(chunk)
            if rest.readableBytes == 0 { break }
            output.writeInteger(0xC0 | channel.rawValue)
        }
    }

    /// Announces the chunk size of everything that follows, which must be 1 or more.
    mutating func announceChunkSize(_ size: UInt32, into output: inout ByteBuffer) {
        writeControl(.setChunkSize, size, into: &output)
        chunkSize = Int(size)
    }

    func writeControl(_ type: MessageType, _ value: UInt32, into output: inout ByteBuffer) {
        write(type, on: .control, payload: ByteBuffer(integer: value), into: &output)
    }
}
