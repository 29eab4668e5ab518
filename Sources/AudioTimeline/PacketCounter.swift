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
    /// Samples that are still to be left out at the beginning: what Opus' encoder put in front (RFC 7845 §4.2).
    private var preSkip: Int64 = 0
    /// Samples cut since the last that was kept.
    private var cutInARow: Int64 = 0
    private let longestCut: Int64

    /// Nil when the configuration cannot be counted by.
    public init?(_ configuration: CodecConfiguration) {
        longestCut = Int64(configuration.sampleRate) * Self.longestCutSeconds
        switch configuration.codec {
        case .aac:
            guard let config = AudioSpecificConfig(configuration.setup) else { return nil }
            rule = .fixed(Int32(config.frameLength))
        case .mp1, .mp2, .mp3: rule = .mpegAudio
        case .opus:
            rule = .opus
            preSkip = OpusHead.preSkip(configuration.setup)
        case .flac: rule = .flac
        case .vorbis:
            guard let sizes = VorbisBlockSizes(setup: configuration.setup) else { return nil }
            rule = .vorbis(sizes, previous: nil)
        case .ac3: rule = .fixed(1536)
        case .eac3: rule = .eac3
        case .speex:
            guard let head = SpeexHead(configuration.setup) else { return nil }
            rule = .fixed(Int32(head.packetLength))
        }
    }

    /// Packets without a sample that is heard do not move the clock. More than any delay or padding has (Opus' field ends
    /// at 65 535 samples) is no trim but damage or malice, and is heard.
    private static let longestCutSeconds: Int64 = 2

    /// The samples of `packet` that are heard, at the configuration's rate; nil for one that is broken.
    public mutating func span(of packet: ByteBuffer, trim: PacketTrim = .none) -> PacketSpan? {
        guard let length = length(of: packet) else { return nil }
        let start = Int32(min(Int64(length), max(preSkip, Int64(trim.start))))
        preSkip -= min(preSkip, Int64(length))
        let span = PacketSpan(skip: start, length: length - start - min(trim.end, length - start))
        guard span.length == 0 else {
            cutInARow = 0
            return span
        }
        cutInARow += Int64(length)
        return cutInARow > longestCut ? PacketSpan(length: length) : span
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
