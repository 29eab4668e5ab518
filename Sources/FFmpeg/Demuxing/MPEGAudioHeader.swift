/// The header of a frame of MPEG audio layer III (ISO/IEC 11172-3 §2.4.1.3, ISO/IEC 13818-3, and "MPEG-2.5").
struct MPEGAudioHeader {
    static let length = 4

    let sampleRate: Int
    let isMono: Bool
    /// MPEG-1, with frames of 1152 samples; otherwise 576.
    let isVersion1: Bool
    let frameLength: Int

    /// `nil` for anything else, also for the other layers and the free format, whose length no header tells.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2 else { return nil }
        let version = bytes[1] >> 3 & 3
        let rateIndex = Int(bytes[2] >> 2 & 3)
        let bitRateIndex = Int(bytes[2] >> 4)
        guard version != 1, rateIndex < 3, (1...14).contains(bitRateIndex) else { return nil }
        isVersion1 = version == 3
        sampleRate = [44_100, 48_000, 32_000][rateIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
        isMono = bytes[3] >> 6 == 3
        let bitRate = (isVersion1 ? Self.bitRates1 : Self.bitRates2)[bitRateIndex] * 1_000
        frameLength = (isVersion1 ? 144 : 72) * bitRate / sampleRate + Int(bytes[2] >> 1 & 1)
    }

    func hasSameConfiguration(as other: MPEGAudioHeader) -> Bool {
        sampleRate == other.sampleRate && isVersion1 == other.isVersion1 && isMono == other.isMono
    }

    /// Same version and rate: mono and stereo frames may follow one another.
    func canFollow(_ other: MPEGAudioHeader) -> Bool {
        sampleRate == other.sampleRate && isVersion1 == other.isVersion1
    }

    /// Where an encoder puts `Xing` or `Info`: behind the side information, whose length this is with the header's.
    var tagOffset: Int { isVersion1 ? (isMono ? 21 : 36) : (isMono ? 13 : 21) }

    private static let bitRates1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let bitRates2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
}
