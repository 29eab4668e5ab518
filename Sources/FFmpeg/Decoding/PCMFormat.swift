/// The channels of a block of samples and where their loudspeakers stand.
public struct ChannelLayout: Hashable, Sendable {
    public var channelCount: Int

    /// One bit a loudspeaker, in FFmpeg's numbering (bit 0 front left, 1 front right, 2 front centre, 3 low frequency …);
    /// 0 when nothing is known but the number of channels.
    public var speakers: UInt64

    public init(channelCount: Int, speakers: UInt64 = 0) {
        self.channelCount = channelCount
        self.speakers = speakers
    }

    public static let mono = ChannelLayout(channelCount: 1, speakers: 0x4)
    public static let stereo = ChannelLayout(channelCount: 2, speakers: 0x3)

    /// The most channels that are decoded and mixed down.
    public static let mostChannels = 8
}

/// Sample rate and channels of decoded audio.
public struct PCMFormat: Hashable, Sendable {
    /// Samples a second.
    public var sampleRate: Int
    public var layout: ChannelLayout

    public init(sampleRate: Int, layout: ChannelLayout) {
        self.sampleRate = sampleRate
        self.layout = layout
    }
}
