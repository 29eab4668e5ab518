import AudioTimeline
import NIOCore
import RTMP

/// Turns the audio tags of FLV and RTMP into configurations and packets of the default track.
struct TagSource {
    enum Item {
        case configured(CodecConfiguration)
        case packet(ByteBuffer, timestamp: Int64)
        case ended
    }

    private var configuration: CodecConfiguration?
    private var setup: (codec: FLVAudioCodec, bytes: [UInt8])?
    private var framer = MPEGAudioFramer()

    mutating func items(of tag: AudioTag) -> [Item] {
        guard tag.track == 0 else { return [] }
        switch tag.payload {
        case .sequenceHeader(let codec, let bytes):
            setup = (codec, Array(bytes.readableBytesView))
            configuration = nil
            return []
        case .frame(let codec, let bytes):
            let timestamp = tag.timestamp * 1_000_000 + Int64(tag.nanosecondOffset)
            let packets = codec == .mp3 ? framer.frames(adding: bytes) : [bytes]
            return packets.flatMap { packet in
                configure(codec, for: packet) + [.packet(packet, timestamp: timestamp)]
            }
        case .end: return [.ended]
        case .multichannelConfiguration: return []
        }
    }

    /// A configuration when this packet is the first that needs it.
    private mutating func configure(_ codec: FLVAudioCodec, for packet: ByteBuffer) -> [Item] {
        let needed = Self.configuration(codec, setup: setup?.codec == codec ? setup?.bytes ?? [] : [], packet: packet)
        guard let needed, needed != configuration else { return [] }
        configuration = needed
        return [.configured(needed)]
    }

    private static func configuration(
        _ codec: FLVAudioCodec, setup: [UInt8], packet: ByteBuffer
    ) -> CodecConfiguration? {
        let start = packet.readerIndex
        switch codec {
        case .aac:
            return AudioSpecificConfig(setup).map {
                CodecConfiguration(codec: .aac, sampleRate: $0.sampleRate, channels: $0.channels, setup: setup)
            }
        case .mp3:
            guard let word: UInt32 = packet.getInteger(at: start), let header = MPEGAudioHeader(word) else {
                return nil
            }
            return CodecConfiguration(codec: .mp3, sampleRate: header.sampleRate, channels: header.channels)
        case .opus:
            let head = setup.count >= 19 ? setup : Self.opusHead
            return CodecConfiguration(codec: .opus, sampleRate: 48_000, channels: Int(head[9]), setup: head)
        case .flac:
            guard setup.count == 34 else { return nil }
            let rate = Int(setup[10]) << 12 | Int(setup[11]) << 4 | Int(setup[12]) >> 4
            return rate == 0
                ? nil
                : CodecConfiguration(
                    codec: .flac, sampleRate: rate, channels: Int(setup[12] >> 1 & 7) + 1, setup: setup)
        case .ac3, .eac3:
            guard let fifth: UInt8 = packet.getInteger(at: start + 4) else { return nil }
            // fscod (ETSI TS 102 366 §4.4.1.3); the channels are what the decoder finds.
            let rates = [48_000, 44_100, 32_000]
            guard rates.indices.contains(Int(fifth >> 6)) else { return nil }
            return CodecConfiguration(
                codec: codec == .ac3 ? .ac3 : .eac3, sampleRate: rates[Int(fifth >> 6)], channels: 2)
        }
    }

    /// `OpusHead` (RFC 7845 §5.1) of stereo without pre-skip, for encoders that send none.
    private static let opusHead: [UInt8] =
        Array("OpusHead".utf8) + [1, 2, 0, 0, 0x80, 0xBB, 0, 0, 0, 0, 0]
}
