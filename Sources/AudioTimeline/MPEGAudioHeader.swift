/// Header of an MPEG-1/2/2.5 audio frame (ISO/IEC 11172-3 §2.4.1.3).
public struct MPEGAudioHeader: Sendable, Equatable {
    public var layer: Int
    /// MPEG-1; otherwise MPEG-2 or "MPEG-2.5", with half the rates and in layer III half the samples.
    public var isVersion1: Bool
    public var sampleRate: Int
    public var channels: Int
    /// Samples in the frame, per channel.
    public var frameLength: Int
    /// Bytes of the frame with its header; nil for the free format.
    public var byteCount: Int?

    /// The codec that the layer is.
    public var codec: AudioCodec { layer == 1 ? .mp1 : layer == 2 ? .mp2 : .mp3 }

    private static let kilobits: [[Int]] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]

    public init?(_ word: UInt32) {
        guard word >> 21 == 0x7FF else { return nil }
        let version = Int(word >> 19 & 3)
        let layerBits = Int(word >> 17 & 3)
        let rateIndex = Int(word >> 12 & 15)
        let frequencyIndex = Int(word >> 10 & 3)
        guard version != 1, layerBits != 0, rateIndex != 15, frequencyIndex != 3 else { return nil }
        layer = 4 - layerBits
        isVersion1 = version == 3
        sampleRate = [44_100, 48_000, 32_000][frequencyIndex] >> (isVersion1 ? 0 : version == 2 ? 1 : 2)
        channels = word >> 6 & 3 == 3 ? 1 : 2
        frameLength = layer == 1 ? 384 : layer == 3 && !isVersion1 ? 576 : 1152
        let table = isVersion1 ? layer - 1 : layer == 1 ? 3 : 4
        let padding = Int(word >> 9 & 1)
        if rateIndex == 0 {
            byteCount = nil
        } else {
            let bits = Self.kilobits[table][rateIndex] * 1000
            byteCount =
                layer == 1
                ? (12 * bits / sampleRate + padding) * 4 : frameLength / 8 * bits / sampleRate + padding
        }
    }
}
