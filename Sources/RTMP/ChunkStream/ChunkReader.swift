import NIOCore

/// Turns the bytes behind the handshake into messages (RTMP 1.0 §5.3), and obeys SetChunkSize and Abort on the way.
///
/// Video and messages of unknown type are passed over chunk by chunk: only their headers are needed, because they move
/// time and length of their chunk stream. A message that came whole in one chunk is a slice of the bytes given.
struct ChunkReader: Sendable {
    enum Output: Sendable {
        case message(MessageHeader, ByteBuffer)
        /// A message that was passed over.
        case discarded(MessageHeader)
    }

    /// Whether the larger limits of an accepted publisher apply.
    var isPublishing = false
    private(set) var chunkSize = 128

    private let limits: RTMPLimits
    private var streams: [ChunkStream] = []
    /// Index of the chunk stream whose chunk is being read, and the bytes of that chunk still to come.
    private var openChunk: (index: Int, remaining: Int)?
    private var unfinishedBytes = 0

    init(limits: RTMPLimits) {
        self.limits = limits
    }

    /// Memory that unfinished messages take, in bytes.
    var unfinishedCapacity: Int {
        streams.reduce(0) { $0 + $1.payload.storageCapacity }
    }

    /// The next message that is complete, or nil when more bytes are needed.
    ///
    /// At most the bytes of an incomplete chunk header, 17, are left in `bytes`; give them again with what follows.
    mutating func next(_ bytes: inout ByteBuffer) throws(RTMPError) -> Output? {
        while true {
            if openChunk == nil {
                guard try beginChunk(&bytes) else { return nil }
            }
            guard let index = try readChunk(&bytes) else {
                if openChunk != nil { return nil }
                continue
            }
            if let output = try finishMessage(at: index) { return output }
        }
    }

    /// Reads a chunk header; false when bytes are missing, which are then left in place.
    private mutating func beginChunk(_ bytes: inout ByteBuffer) throws(RTMPError) -> Bool {
        let start = bytes.readerIndex
        guard let basic = ChunkBasicHeader(at: start, of: bytes) else { return false }
        let headerStart = start + basic.byteCount
        let index: Int
        if basic.format < 3 {
            guard let header = ChunkMessageHeader(format: basic.format, at: headerStart, of: bytes) else {
                return false
            }
            index = try stream(for: basic)
            if try streams[index].apply(header, format: basic.format) { try beginMessage(at: index) }
            bytes.moveReaderIndex(to: headerStart + header.byteCount)
        } else {
            index = try stream(for: basic)
            guard let count = try continueStream(at: index, headerStart: headerStart, bytes) else { return false }
            bytes.moveReaderIndex(to: headerStart + count)
        }
        openChunk = (index, min(chunkSize, streams[index].length - streams[index].received))
        return true
    }

    /// Applies a chunk of type 3 and gives the length of its extended timestamp; nil when bytes are missing.
    private mutating func continueStream(at index: Int, headerStart: Int, _ bytes: ByteBuffer) throws(RTMPError) -> Int?
    {
        if streams[index].isInsideMessage {
            return streams[index].repeatedTimestampByteCount(at: headerStart, of: bytes)
        }
        var extended: UInt32?
        if streams[index].extendedTimestamp != nil {
            extended = bytes.getInteger(at: headerStart, as: UInt32.self)
            if extended == nil { return nil }
        }
        streams[index].repeatHeader(extended: extended)
        try beginMessage(at: index)
        return extended == nil ? 0 : 4
    }

    /// Index of the chunk stream, which is opened when it is new: by type 0, or by type 1, with which librtmp
    /// opens chunk stream 2; time counts from 0 then.
    private mutating func stream(for basic: ChunkBasicHeader) throws(RTMPError) -> Int {
        if let index = streams.firstIndex(where: { $0.id == basic.chunkStreamID }) { return index }
        guard basic.format < 2 else { throw .chunkStreamNotOpened(chunkStreamID: basic.chunkStreamID) }
        guard streams.count < limits.chunkStreams else { throw .tooManyChunkStreams(limit: limits.chunkStreams) }
        streams.append(ChunkStream(id: basic.chunkStreamID))
        return streams.count - 1
    }

    private mutating func beginMessage(at index: Int) throws(RTMPError) {
        let header = streams[index].header
        let (isKept, limit) = treatment(of: MessageType(rawValue: header.type))
        guard header.length <= limit
        else { throw .messageTooLong(messageType: header.type, byteCount: header.length, limit: limit) }
        streams[index].isDiscarding = !isKept
    }

    /// Whether messages of a type are kept, and their greatest length.
    private func treatment(of type: MessageType?) -> (isKept: Bool, limit: Int) {
        switch type {
        case nil, .video: (false, limits.videoMessageBytes)
        case .aggregate: (isPublishing, limits.aggregateMessageBytes)
        default: (true, isPublishing ? limits.messageBytes : limits.messageBytesBeforePublish)
        }
    }

    /// Takes payload of the open chunk; gives the chunk stream's index when that completes a message.
    private mutating func readChunk(_ bytes: inout ByteBuffer) throws(RTMPError) -> Int? {
        guard let (index, remaining) = openChunk else { return nil }
        let count = min(remaining, bytes.readableBytes)
        if streams[index].isDiscarding {
            bytes.moveReaderIndex(forwardBy: count)
        } else if let slice = bytes.readSlice(length: count) {
            if count == streams[index].length {
                streams[index].payload = slice
            } else {
                streams[index].payload.writeImmutableBuffer(slice)
            }
            unfinishedBytes += count
        }
        streams[index].received += count
        openChunk = count == remaining ? nil : (index, remaining - count)
        if streams[index].received == streams[index].length { return index }
        guard unfinishedBytes <= limits.unfinishedMessageBytes
        else { throw .tooManyUnfinishedMessages(limit: limits.unfinishedMessageBytes) }
        return nil
    }

    private mutating func finishMessage(at index: Int) throws(RTMPError) -> Output? {
        let header = streams[index].header
        let payload = streams[index].takePayload()
        unfinishedBytes -= payload.readableBytes
        if streams[index].isDiscarding { return .discarded(header) }
        switch MessageType(rawValue: header.type) {
        case .setChunkSize: try setChunkSize(payload)
        case .abort: abort(payload)
        default: return .message(header, payload)
        }
        return nil
    }

    /// Effective at once, for messages in flight as well.
    private mutating func setChunkSize(_ payload: ByteBuffer) throws(RTMPError) {
        guard let size = payload.getInteger(at: payload.readerIndex, as: UInt32.self)
        else { throw .controlMessageTooShort(messageType: MessageType.setChunkSize.rawValue) }
        guard (1...0x7FFF_FFFF).contains(size) else { throw .chunkSizeOutOfRange(size) }
        chunkSize = min(Int(size), 0xFF_FFFF)
    }

    /// Forgets the unfinished message of the chunk stream named; others are none of the peer's business.
    private mutating func abort(_ payload: ByteBuffer) {
        guard let id = payload.getInteger(at: payload.readerIndex, as: UInt32.self),
            let index = streams.firstIndex(where: { $0.id == Int(id) })
        else { return }
        unfinishedBytes -= streams[index].takePayload().readableBytes
    }
}
