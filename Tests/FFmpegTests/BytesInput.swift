import FFmpeg
import NIOCore

/// A push from memory, in pieces of one length, ended by the end or by an error.
final class BytesInput: DemuxerInput {
    private var rest: ByteBuffer
    private let pieceLength: Int
    private let error: FFmpegError?
    private(set) var taken = 0

    init(_ bytes: [UInt8], pieceLength: Int = 1_400, thenThrow error: FFmpegError? = nil) {
        rest = ByteBuffer(bytes: bytes)
        self.pieceLength = pieceLength
        self.error = error
    }

    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
        let count = min(maxLength, pieceLength, rest.readableBytes)
        guard count > 0, let bytes = rest.readSlice(length: count) else {
            if let error { throw error }
            return nil
        }
        taken += count
        return bytes
    }
}

/// A push that repeats itself without end, between a head and, after `length` bytes of repetition, a tail.
final class RepeatingInput: DemuxerInput {
    private let pattern: ByteBuffer
    private var head: ByteBuffer
    private var tail: ByteBuffer
    private var left: Int
    private(set) var taken = 0

    init(_ pattern: [UInt8], length: Int = .max, head: [UInt8] = [], tail: [UInt8] = []) {
        // Long pieces make it fast.
        let copies = max(1, 8_192 / pattern.count)
        self.pattern = ByteBuffer(bytes: (0..<copies).flatMap { _ in pattern })
        self.head = ByteBuffer(bytes: head)
        self.tail = ByteBuffer(bytes: tail)
        left = length
    }

    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
        let piece = next(maxLength)
        taken += piece?.readableBytes ?? 0
        return piece
    }

    private var offset = 0

    private func next(_ maxLength: Int) -> ByteBuffer? {
        if head.readableBytes > 0 { return head.readSlice(length: min(maxLength, head.readableBytes)) }
        guard left > 0 else {
            return tail.readableBytes > 0 ? tail.readSlice(length: min(maxLength, tail.readableBytes)) : nil
        }
        let count = min(maxLength, left, pattern.readableBytes - offset)
        defer { offset = (offset + count) % pattern.readableBytes }
        left -= count
        return pattern.getSlice(at: offset, length: count)
    }
}
