/// All that a decoder needs to begin with any packet of a leg.
public struct CodecConfiguration: Sendable, Hashable {
    public var codec: AudioCodec

    /// Samples a second in which packet positions and lengths are counted.
    ///
    /// For HE-AAC this is the rate of the core, half of what the decoder gives; for Opus it is always 48 000.
    public var sampleRate: Int

    /// Channels as announced; what the decoder gives wins.
    public var channels: Int

    /// Decoder set-up as the codec's own format has it: AAC `AudioSpecificConfig`, Opus `OpusHead` (RFC 7845 §5.1),
    /// FLAC `STREAMINFO` (34 bytes), Vorbis' three headers (Xiph lacing), Speex' first packet; empty for MPEG audio, AC-3
    /// and E-AC-3.
    public var setup: [UInt8]

    /// Rates that can be brought to 48 kHz; what lies outside is no rate of sound, and would overflow what is counted with
    /// it.
    public static let sampleRates = 7_350...384_000

    public init(codec: AudioCodec, sampleRate: Int, channels: Int, setup: [UInt8] = []) {
        self.codec = codec
        self.sampleRate = sampleRate
        self.channels = channels
        self.setup = setup
    }
}
