/// Audio codecs that FLV and RTMP carry and that can be decoded here.
public enum FLVAudioCodec: String, Sendable, Hashable, CaseIterable {
    // Raw values are the FourCCs of Enhanced RTMP v2, "Enhanced Audio".
    case aac = "mp4a"
    case mp3 = ".mp3"
    case opus = "Opus"
    case flac = "fLaC"
    case ac3 = "ac-3"
    case eac3 = "ec-3"

    init?(fourCC: UInt32) {
        switch fourCC {
        case 0x6D70_3461: self = .aac
        case 0x2E6D_7033: self = .mp3
        case 0x4F70_7573: self = .opus
        case 0x664C_6143: self = .flac
        case 0x6163_2D33: self = .ac3
        case 0x6563_2D33: self = .eac3
        default: return nil
        }
    }

    /// Whether frames mean nothing before a sequence header came.
    var needsSequenceHeader: Bool {
        self == .aac || self == .flac
    }
}
