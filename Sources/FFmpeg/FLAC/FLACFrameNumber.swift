import NIOCore

/// The number in the header of a FLAC frame (RFC 9639 §9.1.5).
enum FLACFrameNumber {
    /// Writes a frame's number and both checksums anew.
    ///
    /// An encoder that was opened in mid-stream counts its frames from 0; with the number that follows from the position,
    /// it gives the same bytes as one that ran from the beginning.
    static func set(_ number: Int64, in frame: inout ByteBuffer) throws(FFmpegError) {
        let start = frame.getBytes(at: frame.readerIndex, length: min(FLACHeader.longest, frame.readableBytes)) ?? []
        guard let old = FLACHeader(start) else {
            throw FFmpegError(.invalidData, "frame of FLAC without its header")
        }

        var header = Array(start[..<4])
        header += coded(UInt64(number))
        header += start[(4 + old.numberLength)..<(old.length - 1)]
        header.append(Checksum.flacHeader(header))

        var result = ByteBuffer()
        result.reserveCapacity(frame.readableBytes + 8)
        result.writeBytes(header)
        // The body, between the header's checksum and the frame's.
        let bodyStart = frame.readerIndex + old.length
        guard let body = frame.getSlice(at: bodyStart, length: frame.writerIndex - 2 - bodyStart) else {
            throw FFmpegError(.invalidData, "frame of FLAC without a body")
        }
        result.writeImmutableBuffer(body)
        result.writeInteger(result.withUnsafeReadableBytes { Checksum.flacFrame($0) })
        frame = result
    }

    /// The number in the way of UTF-8, up to 36 bits (RFC 9639 §9.1.5).
    private static func coded(_ number: UInt64) -> [UInt8] {
        guard number >= 0x80 else { return [UInt8(number)] }
        var rest = number
        var tail: [UInt8] = []
        repeat {
            tail.append(0x80 | UInt8(rest & 0x3F))
            rest >>= 6
            // The first byte of n has room for 7 − n bits.
        } while rest >= 1 << (6 - tail.count)
        let mark = UInt8(truncatingIfNeeded: 0xFF << (7 - tail.count))
        return [mark | UInt8(rest)] + tail.reversed()
    }
}
