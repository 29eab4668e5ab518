public import NIOCore

/// An offer by Ingest: this stream wants a worker.
public struct TranscodeJob: Sendable, Equatable {
    public var stream: String
    /// The channel's name, for logs.
    public var channel: String
    /// A decimal number; empty where the offer says nothing of it.
    public var channelID: String
    /// Whether the stream is kept when it is over.
    public var isRecorded: Bool

    public init(stream: String, channel: String, channelID: String = "", isRecorded: Bool = true) {
        self.stream = stream
        self.channel = channel
        self.channelID = channelID
        self.isRecorded = isRecorded
    }

    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(UInt8(2))
        buffer.writeText(stream)
        buffer.writeText(channel)
        buffer.writeText(channelID)
        buffer.writeInteger(UInt8(isRecorded ? 1 : 0))
        return buffer
    }

    public init(decoding bytes: ByteBuffer) throws(WireError) {
        var buffer = bytes
        let version: UInt8 = try buffer.readWire()
        guard (1...2).contains(version) else { throw .unknownVersion(version) }
        stream = try buffer.readText()
        channel = try buffer.readText()
        channelID = version > 1 ? try buffer.readText() : ""
        let flag: UInt8 = version > 1 ? try buffer.readWire() : 1
        isRecorded = flag != 0
    }
}
