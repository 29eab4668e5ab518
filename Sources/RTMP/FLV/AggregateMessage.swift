import NIOCore

/// The messages within an aggregate message (type 22, RTMP 1.0 §7.1.6): FLV tags with their back pointers.
struct AggregateMessage: Sendable {
    struct Part: Sendable, Equatable {
        var type: UInt8
        /// Milliseconds modulo 2^32; the first part has the time of the aggregate, the others keep their distance.
        var timestamp: UInt32
        var payload: ByteBuffer
    }

    private var bytes: ByteBuffer
    private let timestamp: UInt32
    private var firstTimestamp: UInt32?

    init(_ payload: ByteBuffer, timestamp: UInt32) {
        bytes = payload
        self.timestamp = timestamp
    }

    /// Whether everything was read; false after the end means that a length lies.
    var isAtEnd: Bool { bytes.readableBytes == 0 }

    /// The next part, or nil at the end and where a length reaches beyond it. Back pointers are not believed.
    mutating func next() -> Part? {
        guard let header = FLVTagHeader(at: bytes.readerIndex, of: bytes) else { return nil }
        let bodyStart = bytes.readerIndex + FLVTagHeader.byteCount
        guard let payload = bytes.getSlice(at: bodyStart, length: header.length) else { return nil }
        bytes.moveReaderIndex(to: bodyStart + header.length)
        bytes.moveReaderIndex(forwardBy: min(4, bytes.readableBytes))
        let first = firstTimestamp ?? header.timestamp
        firstTimestamp = first
        return Part(type: header.type, timestamp: timestamp &+ (header.timestamp &- first), payload: payload)
    }
}
