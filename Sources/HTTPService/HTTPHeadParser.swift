public import NIOCore

/// Finds and checks the next request's head in the bytes of a connection (RFC 9112 §2, §3, §5).
///
/// Lines end with CRLF, with LF, or with the CR CR LF of an old Windows encoder. The head is looked at once, from
/// front to back; while it is incomplete, only new bytes are searched for its end.
public struct HTTPHeadParser: Sendable {
    /// Bytes of a head with its empty line.
    public static let maximumHeadSize = 8192
    public static let maximumFieldCount = 100

    /// Whether a request of HTTP/1.1 needs a `Host` (RFC 9112 §3.2). Some encoders forget it.
    let requiresHost: Bool
    /// How many bytes of the buffer were searched in vain for the head's end.
    private var searched = 0

    public init(requiresHost: Bool = true) {
        self.requiresHost = requiresHost
    }

    /// Takes the next head from the front of the buffer.
    /// - Returns: nil, and the buffer unchanged, while the head is not complete.
    public mutating func next(from buffer: inout ByteBuffer) throws(HTTPHeadError) -> HTTPRequestHead? {
        if searched > 0, !endsHead(buffer.readableBytesUInt8Span) {
            searched = buffer.readableBytes
            if searched > Self.maximumHeadSize { throw .tooLarge }
            return nil
        }
        var layout = HTTPHeadLayout()
        guard try layout.read(buffer.readableBytesUInt8Span) else {
            searched = buffer.readableBytes
            if searched > Self.maximumHeadSize { throw .tooLarge }
            return nil
        }
        searched = 0
        guard layout.end <= Self.maximumHeadSize, var bytes = buffer.readSlice(length: layout.end) else {
            throw .tooLarge
        }
        bytes.moveReaderIndex(forwardBy: layout.start)
        if layout.version == .http11, requiresHost, !layout.traits.contains(.host) { throw .hostMissingOrRepeated }
        return HTTPRequestHead(
            method: layout.method, version: layout.version, framing: try layout.framing(), bytes: bytes,
            traits: layout.traits, pathStart: layout.offset(layout.pathStart), pathEnd: layout.offset(layout.pathEnd),
            queryStart: layout.offset(layout.queryStart), queryEnd: layout.offset(layout.queryEnd),
            fieldsStart: layout.offset(layout.fieldsStart), lines: layout.lines)
    }

    /// Whether an empty line ends within the bytes that were not searched yet.
    private func endsHead(_ bytes: borrowing Span<UInt8>) -> Bool {
        var index = max(0, searched - 3)
        var afterLine = index == 0
        while index < bytes.count {
            switch bytes[index] {
            case ASCII.lineFeed:
                if afterLine { return true }
                afterLine = true
            case ASCII.carriageReturn: break
            default: afterLine = false
            }
            index += 1
        }
        return false
    }
}
