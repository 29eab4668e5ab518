import NIOCore

/// What one chunk stream remembers between chunks: the last header and the unfinished message.
struct ChunkStream: Sendable {
    let id: Int
    /// Absolute time of the message that is read, or was read last, in milliseconds modulo 2^32.
    private(set) var timestamp: UInt32 = 0
    /// What a chunk of type 3 adds when it begins a message.
    private var delta: UInt32 = 0
    /// The four bytes that followed the last header of type 0, 1 or 2, if there were any.
    private(set) var extendedTimestamp: UInt32?
    private(set) var length = 0
    private(set) var messageType: UInt8 = 0
    private(set) var messageStreamID: UInt32 = 0

    /// Whether a message was begun and is not finished.
    var isInsideMessage = false
    /// Bytes of the message that have come, kept or not.
    var received = 0
    /// Whether the message is passed over instead of kept.
    var isDiscarding = false
    var payload = ByteBuffer()

    init(id: Int) {
        self.id = id
    }

    var header: MessageHeader {
        MessageHeader(type: messageType, timestamp: timestamp, streamID: messageStreamID, length: length)
    }

    /// Takes over a header of type 0, 1 or 2.
    ///
    /// Some encoders continue a message with type 1 and the same header instead of type 3; that is let pass, anything
    /// else within a message is not: a length that changes there is the root of known buffer overflows.
    /// - Returns: Whether a message begins.
    mutating func apply(_ header: ChunkMessageHeader, format: UInt8) throws(RTMPError) -> Bool {
        if isInsideMessage {
            guard format == 1, header.length == length, header.messageType == messageType
            else { throw .messageInterrupted(chunkStreamID: id) }
            return false
        }
        extendedTimestamp = header.isExtended ? header.timestamp : nil
        // §5.3.1.2.4: type 3 right after type 0 repeats the timestamp of that header as its difference.
        delta = header.timestamp
        timestamp = format == 0 ? header.timestamp : timestamp &+ header.timestamp
        length = header.length ?? length
        messageType = header.messageType ?? messageType
        messageStreamID = header.messageStreamID ?? messageStreamID
        begin()
        return true
    }

    /// Begins a message with a chunk of type 3; `extended` is its extended timestamp, where it has one.
    mutating func repeatHeader(extended: UInt32?) {
        if let extended {
            extendedTimestamp = extended
            delta = extended
        }
        timestamp &+= delta
        begin()
    }

    /// How many of the bytes at `index` are the extended timestamp of a chunk that continues a message: 4 or 0, nil
    /// when bytes are missing to tell.
    ///
    /// The standard repeats it; old librtmp does not. Bytes that are neither the value of the header nor the time of
    /// the message (nor these without their top bit, which some senders clear) belong to the payload.
    func repeatedTimestampByteCount(at index: Int, of bytes: ByteBuffer) -> Int? {
        guard let extendedTimestamp else { return 0 }
        let available = min(4, bytes.writerIndex - index)
        var seen: UInt32 = 0
        for offset in 0..<max(0, available) {
            seen = seen << 8 | UInt32(bytes.getInteger(at: index + offset, as: UInt8.self) ?? 0)
        }
        let missingBits = UInt32(8 * (4 - max(0, available)))
        let isPossible = [extendedTimestamp, timestamp].contains { value in
            value >> missingBits == seen || (value & 0x7FFF_FFFF) >> missingBits == seen
        }
        guard isPossible else { return 0 }
        return available == 4 ? 4 : nil
    }

    /// Ends the message, finished or not, and gives what was kept of it.
    mutating func takePayload() -> ByteBuffer {
        isInsideMessage = false
        received = 0
        defer { payload = ByteBuffer() }
        return payload
    }

    private mutating func begin() {
        isInsideMessage = true
        received = 0
    }
}
