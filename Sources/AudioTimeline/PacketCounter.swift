public import NIOCore

/// Counts the samples of a leg's packets from the codec's own frames, never from timestamps.
public struct PacketCounter: Sendable {
    private enum Rule: Sendable {
        case fixed(Int32)
        case mpegAudio
        case opus
        case flac
        case vorbis(VorbisBlockSizes, previous: Int32?)
        case eac3
    }

    private var rule: Rule

    /// Nil when the configuration cannot be counted by.
    public init?(_ configuration: CodecConfiguration) {
        switch configuration.codec {
        case .aac:
            guard let config = AudioSpecificConfig(configuration.setup) else { return nil }
            rule = .fixed(Int32(config.frameLength))
        case .mp3: rule = .mpegAudio
        case .opus: rule = .opus
        case .flac: rule = .flac
        case .vorbis:
            guard let sizes = VorbisBlockSizes(setup: configuration.setup) else { return nil }
            rule = .vorbis(sizes, previous: nil)
        case .ac3: rule = .fixed(1536)
        case .eac3: rule = .eac3
        }
    }

    /// Samples in `packet`, at the configuration's rate; 0 for one that yields none; nil for one that is broken.
    public mutating func length(of packet: ByteBuffer) -> Int32? {
        let start = packet.readerIndex
        switch rule {
        case .fixed(let length): return length
        case .mpegAudio:
            guard let word: UInt32 = packet.getInteger(at: start) else { return nil }
            return MPEGAudioHeader(word).map { Int32($0.frameLength) }
        case .opus:
            guard let first: UInt8 = packet.getInteger(at: start) else { return nil }
            return OpusPacketHeader.length(first: first, second: packet.getInteger(at: start + 1))
        case .flac:
            return FLACFrameHeader.length(packet.getBytes(at: start, length: min(16, packet.readableBytes)) ?? [])
        case .vorbis(let sizes, let previous):
            guard let first: UInt8 = packet.getInteger(at: start), let size = sizes.blockSize(firstByte: first) else {
                return nil
            }
            rule = .vorbis(sizes, previous: size)
            // A block overlaps the one before: the first of a stream gives nothing (Vorbis I §1.3.2).
            return previous.map { ($0 + size) / 4 } ?? 0
        case .eac3:
            guard let third: UInt8 = packet.getInteger(at: start + 4) else { return nil }
            // fscod 3 means 6 blocks at half the rate (ETSI TS 102 366 §E.1.3.1).
            let blocks: Int32 = third >> 6 == 3 ? 6 : [1, 2, 3, 6][Int(third >> 4 & 3)]
            return blocks * 256
        }
    }
}
