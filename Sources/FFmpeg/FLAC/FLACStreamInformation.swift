import AudioTimeline

/// STREAMINFO (RFC 9639 §8.2).
struct FLACStreamInformation: Equatable {
    static let length = 34

    private(set) var bytes: [UInt8]

    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
        guard sampleRate > 0 else { return nil }
    }

    var sampleRate: Int { Int(bytes[10]) << 12 | Int(bytes[11]) << 4 | Int(bytes[12]) >> 4 }
    var channels: Int { Int(bytes[12] >> 1 & 7) + 1 }
    var bitsPerSample: Int { (Int(bytes[12] & 1) << 4 | Int(bytes[13]) >> 4) + 1 }

    var configuration: CodecConfiguration {
        CodecConfiguration(codec: .flac, sampleRate: sampleRate, channels: channels, setup: bytes)
    }

    /// What a frame says in its header wins: encoders may change rate, channels and depth on the way.
    mutating func adopt(_ header: FLACHeader) {
        let rate = header.sampleRate.flatMap { $0 > 0 && $0 < 1 << 20 ? $0 : nil } ?? sampleRate
        let bits = (header.bitsPerSample ?? bitsPerSample) - 1
        bytes[10] = UInt8(truncatingIfNeeded: rate >> 12)
        bytes[11] = UInt8(truncatingIfNeeded: rate >> 4)
        bytes[12] = UInt8(truncatingIfNeeded: rate << 4) | UInt8(header.channels - 1) << 1 | UInt8(bits >> 4 & 1)
        bytes[13] = UInt8(truncatingIfNeeded: bits << 4) | bytes[13] & 0x0F
    }
}
