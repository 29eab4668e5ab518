import CFFmpeg
import NIOCore

/// Owns an `AVPacket`.
struct Packet: ~Copyable {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(FFmpegError) {
        guard let pointer = av_packet_alloc() else { throw FFmpegError(.outOfMemory, "allocate packet") }
        self.pointer = pointer
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }

    /// Replaces the payload with a copy that has the padding behind it that decoders read over.
    func fill(from bytes: ByteBuffer) throws(FFmpegError) {
        av_packet_unref(pointer)
        try check(av_new_packet(pointer, Int32(clamping: bytes.readableBytes)), "allocate packet")
        bytes.withUnsafeReadableBytes { source in
            guard let base = source.baseAddress, let data = pointer.pointee.data else { return }
            UnsafeMutableRawPointer(data).copyMemory(from: base, byteCount: source.count)
        }
    }

    /// A copy of the payload.
    func payload() -> ByteBuffer {
        guard let data = pointer.pointee.data, pointer.pointee.size > 0 else { return ByteBuffer() }
        return ByteBuffer(bytes: UnsafeRawBufferPointer(start: data, count: Int(pointer.pointee.size)))
    }

    func clear() {
        av_packet_unref(pointer)
    }
}
