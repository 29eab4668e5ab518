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

/// A push that is made while it is read, of any length.
final class GeneratedInput: DemuxerInput {
    private let length: Int
    private let make: (Int) -> UInt8
    private(set) var taken = 0

    init(length: Int = .max, _ make: @escaping (Int) -> UInt8) {
        self.length = length
        self.make = make
    }

    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer? {
        let count = min(maxLength, length - taken)
        guard count > 0 else { return nil }
        let start = taken
        taken += count
        return ByteBuffer(bytes: (start..<(start + count)).map(make))
    }
}
