public import NIOCore

/// One packet of an encoder, at the place where it is heard.
public struct EncodedPacket: Hashable, Sendable {
    /// Samples of 48 kHz before the first sample that is heard of this packet; the encoder's delay is taken off.
    public var position: Int64

    /// Samples, the encoder's ``AudioEncoder/frameSize``.
    public var duration: Int

    public var payload: ByteBuffer

    public init(position: Int64, duration: Int, payload: ByteBuffer) {
        self.position = position
        self.duration = duration
        self.payload = payload
    }
}
