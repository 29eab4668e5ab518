/// The part of ISO/IEC 14496-3 `AudioSpecificConfig` that counting samples needs; what follows is ignored.
public struct AudioSpecificConfig: Sendable, Equatable {
    /// 2 is AAC-LC, 5 SBR and 29 PS in front of the core's own type.
    public var objectType: Int
    /// Rate of the core, in which packets are counted.
    public var sampleRate: Int
    /// 0 stands for a program configuration element in the stream.
    public var channelConfiguration: Int
    /// Samples of the core in an access unit: 1024 or 960.
    public var frameLength: Int

    public init?(_ bytes: [UInt8]) {
        var bits = BitReader(bytes)
        guard var type = bits.readAudioObjectType(), let rate = bits.readAudioSampleRate(), let channels = bits.read(4)
        else {
            return nil
        }
        let announced = type
        if type == 5 || type == 29 {
            guard bits.readAudioSampleRate() != nil, let core = bits.readAudioObjectType() else { return nil }
            type = core
        }
        guard (1...4).contains(type) || type == 23, let short = bits.read(1) else { return nil }
        guard (7_350...96_000).contains(rate), channels <= 7 else { return nil }
        objectType = announced
        sampleRate = rate
        channelConfiguration = channels
        frameLength = short == 1 ? 960 : 1024
    }

    /// 0 when only the stream tells them.
    public var channels: Int { channelConfiguration == 7 ? 8 : channelConfiguration }
}
