/// The containers that a push over HTTP or WebSocket may come in.
public enum ContainerFormat: String, Hashable, Sendable, CaseIterable {
    /// AAC with a header at each frame (ISO/IEC 14496-3 §1.A.2.2).
    case adts
    /// AAC in LATM, in the frames of LOAS (ISO/IEC 14496-3 §1.7).
    case loas
    /// MPEG audio of any layer, with or without tags.
    case mp3
    /// Ogg with Vorbis, Opus, FLAC or Speex, chained or not (RFC 3533).
    case ogg
    /// FLAC as a file has it (RFC 9639).
    case flac
    /// Matroska or WebM (RFC 9559).
    case matroska
    /// Fragmented MP4 (ISO/IEC 14496-12).
    case mov
    /// MPEG transport stream (ISO/IEC 13818-1).
    case mpegts
    /// Flash video.
    case flv
}
