/// A codec that a source may arrive in. Raw values travel on the bus and never change.
public enum AudioCodec: UInt8, Sendable, Hashable, CaseIterable {
    case aac = 1
    case mp3 = 2
    case opus = 3
    case vorbis = 4
    case flac = 5
    case ac3 = 6
    case eac3 = 7
    /// MPEG audio layer I.
    case mp1 = 8
    /// MPEG audio layer II.
    case mp2 = 9
    case speex = 10
}
