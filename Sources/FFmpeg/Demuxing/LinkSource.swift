import NIOCore

/// Hands a container to libavformat, and ends it where another one begins in the same stream.
protocol LinkSource: AnyObject {
    /// Whether there is another container behind the one that has ended.
    var hasNext: Bool { get }

    /// Whether the next one is another to the peer as well, with times of its own.
    var nextIsNew: Bool { get }

    /// Goes on to the next container.
    func advance()

    /// Waits for bytes of the present container; `nil` at its end.
    func read(atMost count: Int) throws(FFmpegError) -> ByteBuffer?
}

/// A stream that is one container from beginning to end.
final class SingleLink: LinkSource {
    private let window: InputWindow

    init(_ window: InputWindow) {
        self.window = window
    }

    var hasNext: Bool { false }
    var nextIsNew: Bool { false }

    func advance() {}

    func read(atMost count: Int) throws(FFmpegError) -> ByteBuffer? {
        try window.next(atMost: count)
    }
}
