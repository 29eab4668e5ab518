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

    private static let rates = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ]

    public init?(_ bytes: [UInt8]) {
        var bits = BitReader(bytes)
        guard var type = Self.objectType(&bits), let rate = Self.rate(&bits), let channels = bits.read(4) else {
            return nil
        }
        let announced = type
        if type == 5 || type == 29 {
            guard Self.rate(&bits) != nil, let core = Self.objectType(&bits) else { return nil }
            type = core
        }
        guard (1...4).contains(type) || type == 23, let short = bits.read(1) else { return nil }
        guard (7_350...96_000).contains(rate), channels <= 7 else { return nil }
        objectType = announced
        sampleRate = rate
        channelConfiguration = channels
        frameLength = short == 1 ? 960 : 1024
    }

    public var channels: Int { channelConfiguration == 7 ? 8 : max(channelConfiguration, 1) }

    private static func objectType(_ bits: inout BitReader) -> Int? {
        guard let type = bits.read(5) else { return nil }
        return type == 31 ? bits.read(6).map { $0 + 32 } : type
    }

    private static func rate(_ bits: inout BitReader) -> Int? {
        guard let index = bits.read(4) else { return nil }
        if index == 15 { return bits.read(24) }
        return rates.indices.contains(index) ? rates[index] : nil
    }
}
