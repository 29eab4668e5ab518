public import NIOCore

/// Why a chunked body cannot be read on.
public enum ChunkedBodyError: Error, Sendable, Hashable {
    /// The size is not 1…15 hexadecimal digits, or its line does not end with CR and LF.
    case malformedSize
    /// More than 256 bytes of chunk extensions in one line.
    case extensionTooLong
    /// The chunk's data is not followed by CR and LF.
    case missingLineEnd
    /// A line of the trailer has a CR or an LF that is not part of its end.
    case malformedTrailer
    /// More than 8 KiB of trailer fields.
    case trailerTooLong
}

/// Takes a chunked body apart (RFC 9112 §7.1). Extensions and trailer fields are read over.
///
/// Lines end with CR and LF, and neither stands anywhere else: a proxy in front that reads a line end differently
/// would take part of a body for the next request, or the reverse.
public struct ChunkedBodyDecoder: Sendable {
    private enum State {
        case sizeLine
        case data(remaining: Int)
        case dataEnd
        case trailer(read: Int)
        case finished
    }

    static let maximumSizeLine = 256 + 17
    static let maximumTrailer = 8192

    private var state = State.sizeLine

    public init() {}

    /// The last chunk and the trailer were read; what follows in the buffer is not of this body.
    public var isFinished: Bool {
        if case .finished = state { true } else { false }
    }

    /// Takes the next piece of the body from the front of the buffer.
    /// - Returns: nil where more bytes are needed or the body is finished.
    public mutating func next(from buffer: inout ByteBuffer) throws(ChunkedBodyError) -> ByteBuffer? {
        while true {
            switch state {
            case .sizeLine:
                guard let size = try Self.readSizeLine(&buffer) else { return nil }
                state = size == 0 ? .trailer(read: 0) : .data(remaining: size)
            case .data(let remaining):
                guard let piece = buffer.readSlice(length: min(remaining, buffer.readableBytes)),
                    piece.readableBytes > 0
                else { return nil }
                let rest = remaining - piece.readableBytes
                state = rest == 0 ? .dataEnd : .data(remaining: rest)
                return piece
            case .dataEnd:
                let line = try Self.readLine(&buffer, limit: 2, tooLong: .missingLineEnd, bare: .missingLineEnd)
                guard let line else { return nil }
                guard line == 0 else { throw .missingLineEnd }
                state = .sizeLine
            case .trailer(let read):
                let line = try Self.readLine(
                    &buffer, limit: Self.maximumTrailer - read, tooLong: .trailerTooLong, bare: .malformedTrailer)
                guard let line else { return nil }
                state = line == 0 ? .finished : .trailer(read: read + line + 2)
            case .finished:
                return nil
            }
        }
    }

    /// Takes a line with its end from the buffer.
    /// - Returns: its length without the end; nil while it is incomplete.
    private static func readLine(
        _ buffer: inout ByteBuffer, limit: Int, tooLong: ChunkedBodyError, bare: ChunkedBodyError
    ) throws(ChunkedBodyError) -> Int? {
        let line = try findLine(buffer.readableBytesUInt8Span, limit: limit, tooLong: tooLong, bare: bare)
        guard let (length, next) = line else { return nil }
        buffer.moveReaderIndex(forwardBy: next)
        return length
    }

    private static func findLine(
        _ bytes: borrowing Span<UInt8>, limit: Int, tooLong: ChunkedBodyError, bare: ChunkedBodyError
    ) throws(ChunkedBodyError) -> (length: Int, next: Int)? {
        var index = 0
        while index < bytes.count {
            if index >= limit { throw tooLong }
            if bytes[index] == ASCII.lineFeed { throw bare }
            if bytes[index] == ASCII.carriageReturn {
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == ASCII.lineFeed else { throw bare }
                return (index, index + 2)
            }
            index += 1
        }
        return nil
    }

    private static func readSizeLine(_ buffer: inout ByteBuffer) throws(ChunkedBodyError) -> Int? {
        let line = try findLine(
            buffer.readableBytesUInt8Span, limit: maximumSizeLine, tooLong: .extensionTooLong, bare: .malformedSize)
        guard let (length, next) = line else {
            // A wrong size is refused with its first byte, not after 256 of them.
            if let first = buffer.readableBytesView.first, ASCII.hexadecimalValue(first) == nil {
                throw .malformedSize
            }
            return nil
        }
        let size = try parseSize(buffer.readableBytesUInt8Span, length: length)
        buffer.moveReaderIndex(forwardBy: next)
        return size
    }

    private static func parseSize(_ bytes: borrowing Span<UInt8>, length: Int) throws(ChunkedBodyError) -> Int {
        var size = 0
        var index = 0
        while index < length, let digit = ASCII.hexadecimalValue(bytes[index]) {
            // 15 digits are 60 bits: no overflow.
            guard index < 15 else { throw .malformedSize }
            size = size &<< 4 | Int(digit)
            index += 1
        }
        guard index > 0 else { throw .malformedSize }
        while index < length, bytes[index] == ASCII.space || bytes[index] == ASCII.tab { index += 1 }
        guard index == length || bytes[index] == UInt8(ascii: ";") else { throw .malformedSize }
        while index < length {
            guard ASCII.isFieldContent(bytes[index]) else { throw .malformedSize }
            index += 1
        }
        return size
    }
}
