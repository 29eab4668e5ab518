public import NIOCore

/// Cuts MPEG audio into frames wherever containers cut it.
public struct MPEGAudioFramer: Sendable {
    private var buffer = ByteBuffer()
    /// Longer than any frame: what is kept while no header is found.
    private static let limit = 8192

    public init() {}

    /// Takes bytes and gives the frames that became whole; garbage between frames is left out.
    public mutating func frames(adding bytes: ByteBuffer) -> [ByteBuffer] {
        buffer.writeImmutableBuffer(bytes)
        var frames: [ByteBuffer] = []
        while let word: UInt32 = buffer.getInteger(at: buffer.readerIndex) {
            guard let header = MPEGAudioHeader(word), let count = header.byteCount, count > 4 else {
                buffer.moveReaderIndex(forwardBy: 1)
                continue
            }
            guard let frame = buffer.readSlice(length: count) else { break }
            frames.append(frame)
        }
        if buffer.readableBytes > Self.limit { buffer.clear() }
        buffer.discardReadBytes()
        return frames
    }
}
