/// What an init segment says of its one audio track.
public enum AudioFormat: Sendable, Hashable {
    case aac(AudioSpecificConfig)
    case opus(OpusConfiguration)
    case flac(FLACStreamInfo)

    /// Samples a second that the decoder gives.
    public var sampleRate: Int {
        switch self {
        case .aac(let configuration): configuration.sampleRate
        case .opus: 48_000
        case .flac(let streamInfo): streamInfo.sampleRate
        }
    }

    public var channels: Int {
        switch self {
        case .aac(let configuration): configuration.channels
        case .opus(let configuration): Int(configuration.channels)
        case .flac(let streamInfo): streamInfo.channels
        }
    }

    /// The value for `CODECS` in a multivariant playlist and for `MediaSource.isTypeSupported` (RFC 6381).
    ///
    /// Opus is spelled in lower case: every MSE player takes `opus`, older hls.js and Chromium only that. FLAC has the
    /// registered spelling `fLaC`, which all of them know.
    public var codecs: String {
        switch self {
        case .aac(let configuration): "mp4a.40.\(configuration.objectType)"
        case .opus: "opus"
        case .flac: "fLaC"
        }
    }

    /// Whether a decoder needs packets before the one that it starts with, so that samples are in `roll` groups.
    ///
    /// Opus in ISO BMFF §4.3.6.
    public var needsRollGroups: Bool {
        if case .opus = self { true } else { false }
    }
}
