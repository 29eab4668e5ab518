import CZlib
public import NIOCore

/// Why a body could not be compressed.
public enum GzipError: Error, Sendable, Hashable {
    /// zlib's own code; −4 is a lack of memory.
    case zlib(code: Int32)
    /// The decompressed body would be larger than the limit.
    case tooLarge
    /// The bytes are not whole gzip.
    case malformed
}

/// Compression of whole bodies (RFC 1952), for playlists and pages that are compressed once and sent often.
public enum Gzip {
    // 15 bits of window, and 16 for gzip's header in place of zlib's.
    private static let windowBits: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8

    /// - Parameter level: 1 (fast) to 9 (small).
    public static func compress(_ input: ByteBuffer, level: Int32 = 6) throws(GzipError) -> ByteBuffer {
        var stream = z_stream()
        let status = deflateInit2_(
            &stream, min(max(level, 1), 9), Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .zlib(code: status) }
        defer { deflateEnd(&stream) }
        guard let inputSize = UInt32(exactly: input.readableBytes),
            let capacity = UInt32(exactly: deflateBound(&stream, uLong(inputSize)))
        else { throw .tooLarge }
        var output = ByteBuffer()
        var result = Z_OK
        input.withUnsafeReadableBytes { source in
            // zlib does not write to its input; its header only predates const.
            stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = inputSize
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: Int(capacity)) { target in
                stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = capacity
                result = deflate(&stream, Z_FINISH)
                return Int(capacity - stream.avail_out)
            }
        }
        guard result == Z_STREAM_END else { throw .zlib(code: result) }
        return output
    }

    /// - Parameter limit: bytes that the result may have; a small body can grow a thousandfold.
    public static func decompress(_ input: ByteBuffer, limit: Int) throws(GzipError) -> ByteBuffer {
        var stream = z_stream()
        let status = inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw .zlib(code: status) }
        defer { inflateEnd(&stream) }
        guard let inputSize = UInt32(exactly: input.readableBytes) else { throw .tooLarge }
        var output = ByteBuffer()
        var result = Z_OK
        input.withUnsafeReadableBytes { source in
            stream.next_in = UnsafeMutablePointer(mutating: source.bindMemory(to: UInt8.self).baseAddress)
            stream.avail_in = inputSize
            while result == Z_OK, output.readableBytes <= limit {
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: 16_384) { target in
                    stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(min(target.count, 1 << 20))
                    let room = stream.avail_out
                    result = inflate(&stream, Z_NO_FLUSH)
                    return Int(room - stream.avail_out)
                }
            }
        }
        if output.readableBytes > limit { throw .tooLarge }
        guard result == Z_STREAM_END else { throw .malformed }
        return output
    }
}
