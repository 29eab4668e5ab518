public import NIOCore

/// An offer by Ingest: this stream wants a worker.
public struct TranscodeJob: Sendable, Equatable {
    public var stream: String
    /// The channel's name, for logs.
    public var channel: String

    public init(stream: String, channel: String) {
        self.stream = stream
        self.channel = channel
    }

    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(1))
        buffer.writeText(stream)
        buffer.writeText(channel)
        return buffer
    }

    public init(decoding bytes: ByteBuffer) throws(WireError) {
        var buffer = bytes
        let version: UInt8 = try buffer.readWire()
        guard version == 1 else { throw .unknownVersion(version) }
        stream = try buffer.readText()
        channel = try buffer.readText()
    }
}
