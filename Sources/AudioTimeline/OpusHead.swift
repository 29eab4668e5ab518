/// The identification header of Opus (RFC 7845 §5.1), as far as Twitchy reads it.
public enum OpusHead {
    /// Samples at 48 kHz that the decoder gives before the first that is to be heard; 0 for a header that is cut short.
    public static func preSkip(_ setup: [UInt8]) -> Int64 {
        guard setup.count >= 12 else { return 0 }
        return Int64(setup[10]) | Int64(setup[11]) << 8
    }
}
