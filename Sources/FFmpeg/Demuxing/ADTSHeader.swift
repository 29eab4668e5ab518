import AudioTimeline

/// The header of an ADTS frame (ISO/IEC 14496-3 §1.A.2.2).
struct ADTSHeader {
    static let length = 7

    let objectType: UInt8
    let rateIndex: UInt8
    let channelConfiguration: UInt8
    let frameLength: Int
    let headerLength: Int
    let blockCount: Int

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.length, bytes[0] == 0xFF, bytes[1] & 0xF6 == 0xF0 else { return nil }
        objectType = (bytes[2] >> 6) + 1
        rateIndex = bytes[2] >> 2 & 0x0F
        channelConfiguration = (bytes[2] & 1) << 2 | bytes[3] >> 6
        frameLength = Int(bytes[3] & 3) << 11 | Int(bytes[4]) << 3 | Int(bytes[5]) >> 5
        blockCount = Int(bytes[6] & 3) + 1
        headerLength = bytes[1] & 1 == 1 ? 7 : 9
        guard Int(rateIndex) < BitReader.audioSampleRates.count, frameLength > headerLength else { return nil }
    }

    var sampleRate: Int { BitReader.audioSampleRates[Int(rateIndex)] }

    /// 0 when they are listed in a block of the stream.
    var channels: Int { channelConfiguration == 7 ? 8 : Int(channelConfiguration) }

    func hasSameConfiguration(as other: ADTSHeader) -> Bool {
        objectType == other.objectType && rateIndex == other.rateIndex
            && channelConfiguration == other.channelConfiguration
    }

    /// The `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1); `nil` when it needs a list of channels that the frame does
    /// not have.
    func setup(firstBlock: () -> [UInt8]) throws(FFmpegError) -> [UInt8]? {
        guard blockCount == 1 else {
            throw FFmpegError(.unsupported, "ADTS with several blocks in a frame; set the encoder to one")
        }
        let head = [objectType << 3 | rateIndex >> 1, (rateIndex & 1) << 7 | channelConfiguration << 3]
        guard channelConfiguration == 0 else { return head }
        return ProgramConfiguration(firstBlock()).map { head + $0.bytes }
    }
}
