import NIOCore

/// Shortens the comments of a header (Vorbis I §5.2.1) while it comes, so that a picture of any size takes no memory.
struct VorbisCommentCondenser {
    private enum Field {
        case vendor
        case count
        case comment
    }

    /// The header with long comments cut, as far as it has come.
    private(set) var output = ByteBuffer()
    private var next = Field.vendor
    private var number: [UInt8] = []
    private var kept: Int
    private var dropped = 0

    /// Longer than what is read of a comment, key and value.
    private static let longestText = 1_200
    private static let longestOutput = 256 << 10

    /// - Parameter signatureLength: bytes in front of the first length.
    init(signatureLength: Int) {
        kept = signatureLength
    }

    mutating func add(_ bytes: ByteBuffer) {
        var bytes = bytes
        while bytes.readableBytes > 0, output.readableBytes < Self.longestOutput {
            if kept > 0, var text = bytes.readSlice(length: min(kept, bytes.readableBytes)) {
                kept -= text.readableBytes
                output.writeBuffer(&text)
            } else if dropped > 0 {
                let count = min(dropped, bytes.readableBytes)
                bytes.moveReaderIndex(forwardBy: count)
                dropped -= count
            } else if let byte = bytes.readInteger(as: UInt8.self) {
                number.append(byte)
                if number.count == 4 { take(number.reversed().reduce(0) { $0 << 8 | Int($1) }) }
            }
        }
    }

    private mutating func take(_ value: Int) {
        number = []
        if next == .count {
            output.writeInteger(UInt32(truncatingIfNeeded: value), endianness: .little)
            next = .comment
            return
        }
        if next == .vendor { next = .count }
        kept = min(value, Self.longestText)
        dropped = value - kept
        output.writeInteger(UInt32(kept), endianness: .little)
    }
}
