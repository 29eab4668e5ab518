public import AudioTimeline
public import NIOCore

/// What a ``Demuxer`` finds, in the order of the stream.
public enum DemuxedItem: Hashable, Sendable {
    /// Holds for all packets that follow. Comes before the first packet, and again when codec, rate, channels or set-up
    /// change or, in Ogg, when a new link begins: timestamps start anew there.
    case configuration(CodecConfiguration)
    case packet(DemuxedPacket)
    /// Tags with keys in lower case (`title`, `artist` …), the whole set that holds from here on.
    case metadata([String: String])
}

/// One access unit of the codec, without any of the container's framing.
public struct DemuxedPacket: Hashable, Sendable {
    public var payload: ByteBuffer

    /// Where the container puts the packet's first sample; `nil` where it says nothing (MP3, ADTS, FLAC) or what cannot be.
    /// Good to find gaps with, not to count samples.
    public var timestamp: MediaTimestamp?

    /// Samples at the packet's ends that the container says nobody is to hear: padding in the last packets of an Ogg link,
    /// Matroska's `DiscardPadding` and `CodecDelay`, MP4's edit lists, LAME's tag. Opus' pre-skip is not among them: it
    /// stands in the configuration.
    public var trim: PacketTrim

    public init(payload: ByteBuffer, timestamp: MediaTimestamp? = nil, trim: PacketTrim = .none) {
        self.payload = payload
        self.timestamp = timestamp
        self.trim = trim
    }
}
