/// A codec that listeners are given, always 48 kHz stereo.
public enum EncoderFormat: Hashable, Sendable {
    /// AAC-LC, frames of 1024 samples.
    case aac(bitsPerSecond: Int, coder: AACCoder = .twoLoop)
    /// Opus for music and speech, packets of 20 ms (960 samples), constrained variable rate.
    case opus(bitsPerSecond: Int)
    /// FLAC of 24 bit, blocks of 4608 samples.
    case flac

    /// Samples in each packet.
    public var frameSize: Int {
        switch self {
        case .aac: 1024
        case .opus: 960
        case .flac: 4608
        }
    }

    /// Samples that must be fed behind the end of a packet before it comes out: two frames of AAC (measured: the packet
    /// of [0, 1024) comes with sample 3072), Opus' look-ahead of 312, none for FLAC.
    public var lookahead: Int {
        switch self {
        case .aac: 2048
        case .opus: 312
        case .flac: 0
        }
    }
}

/// How FFmpeg's AAC encoder looks for its quantisers.
public enum AACCoder: String, Hashable, Sendable {
    /// The encoder's default: best quality.
    case twoLoop = "twoloop"
    /// A third of the work, audibly worse below 128 kbit/s.
    case fast
}
