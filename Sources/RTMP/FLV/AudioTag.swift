public import NIOCore

/// One packet of one audio track, as FLV and RTMP carry it.
///
/// Its bytes are a slice of those received, which it keeps alive: copy what is kept for more than a moment.
public struct AudioTag: Sendable, Equatable {
    /// Milliseconds, unwrapped: goes on beyond 2^31 and 2^32; may go back where the encoder goes back. Within ±2^52.
    public var timestamp: Int64
    /// 0…999 999 to be added to the timestamp (Enhanced RTMP, TimestampOffsetNano).
    public var nanosecondOffset: Int
    /// 0 is the default track.
    public var track: Int
    public var payload: Payload

    public enum Payload: Sendable, Equatable {
        /// Decoder set-up: AAC `AudioSpecificConfig`, Opus `OpusHead` (or nothing), FLAC `STREAMINFO` (34 bytes);
        /// nothing for MP3, AC-3 and E-AC-3. Comes only when it differs from the one in force.
        case sequenceHeader(FLVAudioCodec, ByteBuffer)
        /// Coded audio: one AAC access unit, one Opus packet, one FLAC frame; MP3, AC-3 and E-AC-3 as a rule one
        /// frame, but several or parts of one are met.
        case frame(FLVAudioCodec, ByteBuffer)
        /// The track ends (Enhanced RTMP, SequenceEnd).
        case end
        case multichannelConfiguration(FLVAudioCodec, MultichannelConfiguration)
    }

    public init(timestamp: Int64, nanosecondOffset: Int = 0, track: Int = 0, payload: Payload) {
        self.timestamp = timestamp
        self.nanosecondOffset = nanosecondOffset
        self.track = track
        self.payload = payload
    }
}
