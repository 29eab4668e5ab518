public import NIOCore

/// Where a ``Demuxer`` takes its bytes from, on the thread that calls the demuxer.
public protocol DemuxerInput {
    /// Waits for bytes and gives what is there, at most `maxLength` of them.
    ///
    /// - Returns: at least one byte; `nil` at the end of the stream.
    /// - Throws: ``FFmpegError/Reason/stopped`` (or whatever the demuxer's caller is to see) when nobody wants the bytes
    ///   any more. It must also throw when it waits for bytes at that moment.
    func read(maxLength: Int) throws(FFmpegError) -> ByteBuffer?
}
