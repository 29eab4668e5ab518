/// Why a connection cannot go on. Each description says what the user of the encoder can do about it.
public enum RTMPError: Error, Sendable, Hashable {
    /// The first byte belongs to another protocol, such as HTTP or TLS.
    case notRTMP(firstByte: UInt8)
    /// RTMPE, versions 6 and 8 of the handshake.
    case encryptedRTMP(version: UInt8)
    /// SetChunkSize outside 1…0x7FFFFFFF (RTMP 1.0 §5.4.1).
    case chunkSizeOutOfRange(UInt32)
    /// A chunk of type 2 or 3 began a chunk stream of which nothing is known.
    case chunkStreamNotOpened(chunkStreamID: Int)
    /// A new message header, or another length, came within an unfinished message.
    case messageInterrupted(chunkStreamID: Int)
    case tooManyChunkStreams(limit: Int)
    case messageTooLong(messageType: UInt8, byteCount: Int, limit: Int)
    case tooManyUnfinishedMessages(limit: Int)
    /// A protocol control message shorter than its field.
    case controlMessageTooShort(messageType: UInt8)
    case malformedCommand(AMFError)
    case commandBeforeConnect
    case repeatedConnect
    case tooManyMessageStreams(limit: Int)
    case tooManyUnknownMessages(limit: Int)
    case tooMuchBeforePublish(limit: Int)
    case streamKeyTooLong(limit: Int)
    /// The peer takes none of our answers.
    case outputNotTaken(limit: Int)
}

extension RTMPError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notRTMP(let byte): Self.guess(ofFirstByte: byte)
        case .encryptedRTMP(let version):
            "Encrypted RTMP (RTMPE, version \(version)) is not supported; use an address that begins with rtmp://."
        case .chunkSizeOutOfRange(let size):
            "The encoder announced a chunk size of \(size) bytes; 1 to 2147483647 are allowed."
        case .chunkStreamNotOpened(let id):
            "The encoder refers to chunk stream \(id), which it never opened; restart it."
        case .messageInterrupted(let id):
            "The encoder began a message within an unfinished one on chunk stream \(id); restart it."
        case .tooManyChunkStreams(let limit): "The encoder opened more than \(limit) chunk streams."
        case .messageTooLong(let type, let count, let limit):
            "The encoder announced a message of type \(type) with \(count) bytes; \(limit) are allowed."
        case .tooManyUnfinishedMessages(let limit):
            "The encoder began more messages than it finished; \(limit) bytes are kept at most."
        case .controlMessageTooShort(let type): "The encoder sent a control message of type \(type) that is cut short."
        case .malformedCommand(let error): "The encoder sent a command that cannot be read: \(error)"
        case .commandBeforeConnect: "The encoder sent a command before it said connect."
        case .repeatedConnect: "The encoder said connect twice on one connection."
        case .tooManyMessageStreams(let limit): "The encoder created more than \(limit) streams on one connection."
        case .tooManyUnknownMessages(let limit): "The encoder sent more than \(limit) messages of unknown types."
        case .tooMuchBeforePublish(let limit): "The encoder sent \(limit) bytes and never began to publish."
        case .streamKeyTooLong(let limit):
            "The stream key is longer than \(limit) bytes; copy it again from the studio."
        case .outputNotTaken(let limit): "The encoder leaves \(limit) bytes of answers unread."
        }
    }

    private static func guess(ofFirstByte byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "S"):
            "This port takes RTMP; the first byte looks like SSH or an Icecast SOURCE request. Use the Icecast port."
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            "This port takes RTMP; the first byte looks like an HTTP request. Use the port for HTTP."
        case 0x16: "This port takes plain RTMP; the first byte looks like TLS. Use rtmp:// instead of rtmps://."
        default: "This port takes RTMP version 3; the first byte was \(byte)."
        }
    }
}
