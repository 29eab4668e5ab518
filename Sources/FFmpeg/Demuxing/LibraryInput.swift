import CFFmpeg
import NIOCore

/// Owns an `AVIOContext` over a link, and what went wrong while libavformat was reading.
final class LibraryInput {
    let source: any LinkSource
    private(set) var pointer: UnsafeMutablePointer<AVIOContext>?
    /// The input's error, which the library only passes on as a number.
    private(set) var error: FFmpegError?

    /// Small, so that a packet is not kept back until so many bytes are there.
    private static let bufferLength = 4096

    init(_ source: any LinkSource) throws(FFmpegError) {
        self.source = source
        guard let buffer = av_malloc(Self.bufferLength) else { throw FFmpegError(.outOfMemory, "allocate input") }
        // The library's context is freed in `deinit`, so it never outlives the object that it points to.
        let context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Int32(Self.bufferLength), 0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, destination, count in
                guard let opaque, let destination else { return cffmpeg_error_exit }
                return Unmanaged<LibraryInput>.fromOpaque(opaque).takeUnretainedValue().read(destination, count)
            }, nil, nil)
        guard let context else {
            av_free(buffer)
            throw FFmpegError(.outOfMemory, "allocate input")
        }
        context.pointee.seekable = 0
        pointer = context
    }

    deinit {
        // The library may have put a larger buffer in place of ours.
        if let pointer { av_freep(&pointer.pointee.buffer) }
        avio_context_free(&pointer)
    }

    private func read(_ destination: UnsafeMutablePointer<UInt8>, _ count: Int32) -> Int32 {
        guard error == nil else { return cffmpeg_error_exit }
        do throws(FFmpegError) {
            guard let bytes = try source.read(atMost: Int(count)) else { return cffmpeg_error_end_of_file }
            bytes.withUnsafeReadableBytes { source in
                UnsafeMutableRawBufferPointer(start: destination, count: Int(count)).copyMemory(from: source)
            }
            return Int32(bytes.readableBytes)
        } catch {
            self.error = error
            return cffmpeg_error_exit
        }
    }
}
