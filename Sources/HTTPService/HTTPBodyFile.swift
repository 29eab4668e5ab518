import CSocket
import Glibc
import NIOCore

/// A body as a file in memory, whose pages the kernel sends without copying them.
///
/// A copy of 64 KiB is a fifth of what it costs to send a segment, more on two cores at once. Each event loop makes its
/// own files: a reference count that loops share costs what the copy does.
final class HTTPBodyFile {
    /// Below these a second system call is dearer than the copy; above, writing the file holds up the event loop.
    static let sizes = 32 * 1024...2 * 1024 * 1024
    /// Files of one event loop at a time: each takes a descriptor, and its size in memory once more.
    static let maximumCount = 32

    let descriptor: CInt
    let size: Int

    /// Nil if the system gives no file.
    init?(_ body: ByteBuffer) {
        size = body.readableBytes
        descriptor = body.withUnsafeReadableBytes { twitchy_memory_file($0.baseAddress, $0.count) }
        if descriptor < 0 { return nil }
    }

    deinit {
        Glibc.close(descriptor)
    }
}

extension HTTPServer {
    /// Descriptors that an event loop takes for bodies.
    package static let filesOfAnEventLoop = HTTPBodyFile.maximumCount
}
