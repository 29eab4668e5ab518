import NIOCore

/// The bytes of an input, to be looked at before they are taken, with a watchdog on what is taken without giving audio.
final class InputWindow {
    private let input: any DemuxerInput
    private let limit: Int
    private var buffer = ByteBuffer()
    private var takenSincePacket = 0
    private var excusedSincePacket = 0
    private(set) var isAtEnd = false

    /// - Parameter limit: bytes that may be taken without a packet.
    init(_ input: any DemuxerInput, limit: Int) {
        self.input = input
        self.limit = limit
    }

    /// Bytes that can be looked at.
    var count: Int { buffer.readableBytes }

    /// Waits until `count` bytes can be looked at.
    ///
    /// - Returns: whether there are so many before the end.
    func fill(_ count: Int) throws(FFmpegError) -> Bool {
        while buffer.readableBytes < count {
            guard !isAtEnd else { return false }
            guard let bytes = try input.read(maxLength: max(Self.readLength, count - buffer.readableBytes)) else {
                isAtEnd = true
                return false
            }
            takenSincePacket += bytes.readableBytes
            guard takenSincePacket <= limit else {
                throw FFmpegError(.noAudio, "\(takenSincePacket) bytes without audio: check container and codec")
            }
            if buffer.readableBytes == 0 {
                buffer = bytes
            } else {
                buffer.discardReadBytes()
                buffer.writeImmutableBuffer(bytes)
            }
        }
        return true
    }

    /// A byte that `fill` has made sure of.
    subscript(offset: Int) -> UInt8 {
        buffer.getInteger(at: buffer.readerIndex + offset) ?? 0
    }

    func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        guard count >= offset + text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { text in
            buffer.viewBytes(at: buffer.readerIndex + offset, length: text.count)?.elementsEqual(text) ?? false
        }
    }

    func bytes(_ range: Range<Int>) -> [UInt8] {
        buffer.getBytes(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? []
    }

    func integer<Value: FixedWidthInteger>(
        at offset: Int, as: Value.Type = Value.self, endianness: Endianness = .big
    ) -> Value {
        buffer.getInteger(at: buffer.readerIndex + offset, endianness: endianness) ?? 0
    }

    /// Runs `body` on the first `count` bytes.
    func withBytes<Result>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        buffer.withUnsafeReadableBytes { body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    }

    /// The offset of the first byte at or behind `offset` that is `byte`, among those that can be looked at.
    func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
        guard offset < count else { return nil }
        return buffer.withUnsafeReadableBytes { $0[offset...].firstIndex(of: byte) }
    }

    /// The offset of the first 0xFF at or behind `offset` whose next byte fits, or the end of what can be looked at, less
    /// a last byte that may be the first of a pair.
    func firstSync(from offset: Int, mask: UInt8, value: UInt8) -> Int {
        buffer.withUnsafeReadableBytes { bytes in
            var index = offset
            while index + 1 < bytes.count {
                if bytes[index] == 0xFF && bytes[index + 1] & mask == value { return index }
                index += 1
            }
            return max(index, bytes.last == 0xFF ? bytes.count - 1 : bytes.count)
        }
    }

    /// Takes bytes that `fill` has made sure of.
    func drop(_ count: Int) {
        buffer.moveReaderIndex(forwardBy: min(count, buffer.readableBytes))
    }

    /// Takes bytes as a copy of their own, so that a packet does not keep everything alive that it came with.
    func take(_ count: Int) -> ByteBuffer {
        let copy = buffer.viewBytes(at: buffer.readerIndex, length: min(count, buffer.readableBytes))
        drop(count)
        return copy.map { ByteBuffer(bytes: $0) } ?? ByteBuffer()
    }

    /// Passes over bytes that are known to be no audio (tags, pictures, video): they are never in memory at the same time,
    /// and the watchdog excuses them.
    ///
    /// - Parameter body: sees them piece by piece.
    func skip(_ count: Int, _ body: (ByteBuffer) -> Void = { _ in }) throws(FFmpegError) {
        var rest = count
        while rest > 0, let bytes = try next(atMost: rest) {
            body(bytes)
            rest -= bytes.readableBytes
            try excuse(bytes.readableBytes)
        }
    }

    /// Takes bytes that were passed over out of the watchdog's count, since they were known to be no audio.
    func excuse(_ count: Int) throws(FFmpegError) {
        takenSincePacket -= count
        excusedSincePacket += count
        guard excusedSincePacket <= Self.mostExcused else {
            throw FFmpegError(.noAudio, "\(excusedSincePacket) bytes of tags and video without audio")
        }
    }

    /// Whatever can be looked at, at most `count` bytes, after waiting for at least one; `nil` at the end.
    func next(atMost count: Int) throws(FFmpegError) -> ByteBuffer? {
        guard try fill(1) else { return nil }
        return buffer.readSlice(length: min(count, buffer.readableBytes))
    }

    /// Satisfies the watchdog.
    func notePacket() {
        takenSincePacket = buffer.readableBytes
        excusedSincePacket = 0
    }

    private static let readLength = 4096
    /// A minute of video of 140 Mbit/s, or four of the largest ID3 tags.
    private static let mostExcused = 1 << 30
}

extension InputWindow {
    /// Passes over bytes that count as taken without audio.
    func pass(_ count: Int) throws(FFmpegError) {
        var rest = count
        while rest > 0, let bytes = try next(atMost: rest) { rest -= bytes.readableBytes }
    }
}
