public import NIOCore

/// Reads an FLV file or body as it arrives (FLV 10.1 §E): bytes in, events out.
public struct FLVReader: Sendable {
    private enum Step {
        case header
        case skipping(byteCount: Int)
        case tagHeader
        case body(FLVTagHeader)
    }

    private let limits: RTMPLimits
    private var step = Step.header
    private var interpreter = FLVTagInterpreter()
    /// Bytes of an incomplete header or body.
    private var unread = UnreadBytes()

    public init(limits: RTMPLimits = RTMPLimits()) {
        self.limits = limits
    }

    /// Consumes all readable bytes of `bytes` and appends what they say to `events`, in order.
    ///
    /// What was said before an error is in `events` too; after an error the reader takes nothing more.
    public mutating func receive(_ bytes: inout ByteBuffer, into events: inout [FLVEvent]) throws(FLVError) {
        var input = unread.join(&bytes)
        while try advance(&input, into: &events) {}
        unread.keep(input)
    }

    /// One step; false when bytes are missing.
    private mutating func advance(_ bytes: inout ByteBuffer, into events: inout [FLVEvent]) throws(FLVError) -> Bool {
        switch step {
        case .header:
            guard let byteCount = try Self.headerByteCount(bytes) else { return false }
            // The first back pointer follows the header.
            step = .skipping(byteCount: byteCount + 4)
        case .skipping(let byteCount):
            let count = min(byteCount, bytes.readableBytes)
            bytes.moveReaderIndex(forwardBy: count)
            step = count == byteCount ? .tagHeader : .skipping(byteCount: byteCount - count)
            return count == byteCount
        case .tagHeader:
            // Files that are sent one after another: no tag has the type that "F" would be.
            if bytes.getInteger(at: bytes.readerIndex, as: UInt32.self) == Self.signature {
                step = .header
                return true
            }
            guard let header = FLVTagHeader(at: bytes.readerIndex, of: bytes) else { return false }
            bytes.moveReaderIndex(forwardBy: FLVTagHeader.byteCount)
            step = try begin(header, into: &events)
        case .body(let header):
            guard let body = bytes.readSlice(length: header.length) else { return false }
            interpret(header, body, into: &events)
            step = .skipping(byteCount: 4)
        }
        return true
    }

    /// "FLV" and version 1.
    private static let signature: UInt32 = 0x464C_5601

    /// Length of the file header, once it is there.
    private static func headerByteCount(_ bytes: ByteBuffer) throws(FLVError) -> Int? {
        let signature = bytes.readableBytesView.prefix(3)
        guard signature.elementsEqual("FLV".utf8.prefix(signature.count)) else { throw .notFLV }
        guard let byteCount = bytes.getInteger(at: bytes.readerIndex + 5, as: UInt32.self) else { return nil }
        guard (9...1024).contains(byteCount) else { throw .notFLV }
        return Int(byteCount)
    }

    /// Bodies that nobody needs are skipped as they come, whatever their length.
    private func begin(_ header: FLVTagHeader, into events: inout [FLVEvent]) throws(FLVError) -> Step {
        let skip = Step.skipping(byteCount: header.length + 4)
        if header.isFiltered {
            events.append(.ignored(.encryptedTag))
            return skip
        }
        switch MessageType(rawValue: header.type) {
        case .audio, .dataAMF0, .dataAMF3:
            guard header.length <= limits.messageBytes
            else { throw .tagTooLong(byteCount: header.length, limit: limits.messageBytes) }
            return .body(header)
        case .video: events.append(.video(byteCount: header.length))
        default: events.append(.ignored(.messageType(header.type)))
        }
        return skip
    }

    private mutating func interpret(_ header: FLVTagHeader, _ body: ByteBuffer, into events: inout [FLVEvent]) {
        if MessageType(rawValue: header.type) == .audio {
            interpreter.audio(body, timestamp: header.timestamp, into: &events)
        } else {
            let isAMF3 = MessageType(rawValue: header.type) == .dataAMF3
            interpreter.data(body, isAMF3: isAMF3, into: &events)
        }
    }
}
