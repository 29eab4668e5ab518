import AudioTimeline

/// The decoder set-up of AAC (ISO/IEC 14496-3 §1.6.2.1), kept byte for byte.
public struct AudioSpecificConfig: Sendable, Hashable {
    public let bytes: [UInt8]

    /// Audio object type: 2 is AAC-LC, 5 explicitly signalled HE-AAC, 29 HE-AAC v2.
    public let objectType: Int

    /// Samples a second that come out: with explicit SBR the extension's rate, not the core's.
    public let sampleRate: Int

    /// Channels that come out: with explicit parametric stereo two. 0 when the config leaves them to the stream.
    public let channels: Int

    /// Reads what is needed to describe the track; anything after that is kept and not looked at.
    public init(_ bytes: [UInt8]) throws(CMAFError) {
        guard bytes.count <= 64 else {
            throw .malformed(box: "esds", reason: "AudioSpecificConfig of \(bytes.count) bytes")
        }
        var bits = BitReader(bytes)
        guard
            let objectType = bits.readAudioObjectType(),
            let coreRate = bits.readAudioSampleRate(),
            let channelConfiguration = bits.read(4)
        else {
            throw .malformed(box: "esds", reason: "AudioSpecificConfig ends early or has a reserved sample rate")
        }
        var sampleRate = coreRate
        if objectType == 5 || objectType == 29 {
            guard let extensionRate = bits.readAudioSampleRate() else {
                throw .malformed(box: "esds", reason: "AudioSpecificConfig without the rate of its SBR extension")
            }
            sampleRate = extensionRate
        }
        guard objectType != 0, sampleRate > 0 else {
            throw .malformed(box: "esds", reason: "AudioSpecificConfig without object type or sample rate")
        }
        self.bytes = bytes
        self.objectType = objectType
        self.sampleRate = sampleRate
        self.channels = objectType == 29 ? 2 : Self.channelCounts[channelConfiguration]
    }

    /// AAC-LC, 48 kHz, two channels: what every AAC rendition of a live stream is.
    public static let lowComplexityStereo48000 = AudioSpecificConfig(
        bytes: [0x11, 0x90],
        objectType: 2,
        sampleRate: 48_000,
        channels: 2
    )

    private init(bytes: [UInt8], objectType: Int, sampleRate: Int, channels: Int) {
        self.bytes = bytes
        self.objectType = objectType
        self.sampleRate = sampleRate
        self.channels = channels
    }

    private static let channelCounts = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8, 0]
}
