/// The part of ISO/IEC 14496-3 `AudioSpecificConfig` that counting samples needs; what follows is ignored.
public struct AudioSpecificConfig: Sendable, Equatable {
    /// 2 is AAC-LC, 23 AAC-LD, 5 SBR and 29 PS in front of the core's own type.
    public var objectType: Int
    /// Rate of the core, in which packets are counted.
    public var sampleRate: Int
    /// 0 stands for a program configuration element in the stream.
    public var channelConfiguration: Int
    /// Samples of the core in an access unit: 1024 or 960; half of it for AAC-LD.
    public var frameLength: Int

    /// - Returns: nil for what cannot be read, and for object types that no decoder of ours has; ``refusal(of:)`` tells
    ///   which.
    public init?(_ bytes: [UInt8]) {
        var bits = BitReader(bytes)
        guard let head = Head(&bits), Self.decodable.contains(head.core), let short = bits.read(1) else { return nil }
        guard (7_350...96_000).contains(head.sampleRate), head.channels <= 7 else { return nil }
        objectType = head.announced
        sampleRate = head.sampleRate
        channelConfiguration = head.channels
        frameLength = short == 1 ? 960 : 1024
        if head.core == Self.lowDelay { frameLength /= 2 }
    }

    /// 0 when only the stream tells them.
    public var channels: Int { channelConfiguration == 7 ? 8 : channelConfiguration }

    /// Main, LC, LTP, and the error-resilient LC, LTP and LD.
    private static let decodable: Set<Int> = [1, 2, 4, 17, 19, lowDelay]
    private static let lowDelay = 23

    private static let names = [
        3: "AAC-SSR", 6: "Scalable AAC", 7: "TwinVQ", 8: "CELP", 9: "HVXC", 20: "Scalable AAC", 21: "TwinVQ",
        22: "BSAC",
        24: "CELP", 25: "HVXC", 32: "MPEG audio layer I", 33: "MPEG audio layer II", 34: "MP3", 35: "DST",
        36: "MPEG-4 ALS", 37: "MPEG-4 SLS", 38: "MPEG-4 SLS", 39: "AAC-ELD", 42: "xHE-AAC (USAC)",
        44: "LD-MPEG Surround", 45: "SAOC-DE",
    ]

    /// Why the audio that `bytes` set up is not taken, where ``init(_:)`` gives nil.
    public static func refusal(of bytes: [UInt8]) -> UndecodableAudio {
        var bits = BitReader(bytes)
        let advice = "send AAC-LC or HE-AAC"
        guard let head = Head(&bits) else { return UndecodableAudio("AAC with unreadable set-up data", advice: advice) }
        if let name = names[head.core] { return UndecodableAudio(name, advice: advice) }
        if decodable.contains(head.core) {
            return UndecodableAudio(
                "AAC with \(head.sampleRate) samples a second in channel configuration \(head.channels)",
                advice: "\(advice) of 44 100 or 48 000 and at most 8 channels")
        }
        return UndecodableAudio("AAC of object type \(head.core)", advice: advice)
    }

    /// What all object types begin with (§1.6.2.1).
    private struct Head {
        let announced: Int
        let core: Int
        let sampleRate: Int
        let channels: Int

        init?(_ bits: inout BitReader) {
            guard let type = bits.readAudioObjectType(), let rate = bits.readAudioSampleRate(),
                let channels = bits.read(4)
            else { return nil }
            announced = type
            sampleRate = rate
            self.channels = channels
            guard type == 5 || type == 29 else {
                core = type
                return
            }
            guard bits.readAudioSampleRate() != nil, let type = bits.readAudioObjectType() else { return nil }
            core = type
        }
    }
}
