import NIOCore

/// Input that a reader could not use yet because its end is missing.
struct UnreadBytes: Sendable {
    private var bytes = ByteBuffer()
    /// Where the input given out began, to tell whether the reader used any of it.
    private var start = 0

    /// Consumes `new` and gives it with what was left before it.
    mutating func join(_ new: inout ByteBuffer) -> ByteBuffer {
        var input = bytes
        bytes = ByteBuffer()
        if input.readableBytes == 0 {
            input = new
            new.moveReaderIndex(to: new.writerIndex)
        } else {
            input.writeBuffer(&new)
        }
        start = input.readerIndex
        return input
    }

    /// Keeps what the reader left of `input`.
    ///
    /// A rest is copied, lest it hold on to all that was read before it; input that was not touched grows in place.
    mutating func keep(_ input: ByteBuffer) {
        if input.readerIndex == start {
            bytes = input
        } else if input.readableBytes > 0 {
            bytes = ByteBuffer()
            bytes.writeImmutableBuffer(input)
        }
    }
}
