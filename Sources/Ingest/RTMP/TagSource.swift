import AudioTimeline
import NIOCore
import RTMP

/// Turns the audio tags of FLV and RTMP into configurations and packets of the default track.
struct TagSource {
    enum Item {
        case configured(CodecConfiguration)
        case packet(ByteBuffer, timestamp: MediaTimestamp?)
        /// No decoder takes what the track has; nothing that follows is of use.
        case undecodable(UndecodableAudio)
        case ended
    }

    private var configuration: CodecConfiguration?
    private var setup: (codec: FLVAudioCodec, bytes: [UInt8])?
    private var framer = MPEGAudioFramer()
    private var freeFormatTags = 0

    mutating func items(of tag: AudioTag) -> [Item] {
        guard tag.track == 0 else { return [] }
        switch tag.payload {
        case .sequenceHeader(let codec, let bytes):
            setup = (codec, Array(bytes.readableBytesView))
            configuration = nil
            return []
        case .frame(let codec, let bytes):
            let timestamp = MediaTimestamp(tag.timestamp, perSecond: 1_000)?
                .advanced(byNanoseconds: Int64(tag.nanosecondOffset))
            if codec == .mp3, isFreeFormat(bytes) { return [.undecodable(Self.freeFormat)] }
            var items: [Item] = []
            for packet in codec == .mp3 ? framer.frames(adding: bytes) : [bytes] {
                if let configured = configure(codec, for: packet) {
                    items.append(configured)
                    if case .undecodable = configured { return items }
                }
                items.append(.packet(packet, timestamp: timestamp))
            }
            return items
        case .end: return [.ended]
        case .multichannelConfiguration: return []
        }
    }

    /// Whether tag after tag begins with a header that says nothing of its frame's length.
    private mutating func isFreeFormat(_ bytes: ByteBuffer) -> Bool {
        guard let word: UInt32 = bytes.getInteger(at: bytes.readerIndex), let header = MPEGAudioHeader(word),
            header.byteCount == nil
        else {
            freeFormatTags = 0
            return false
        }
        freeFormatTags += 1
        return freeFormatTags >= 3
    }

    private static let freeFormat = UndecodableAudio(
        "Free-format MP3", advice: "set the encoder to one of the standard bit rates, up to 320 kbit/s")

    /// A configuration when this packet is the first that needs it.
    private mutating func configure(_ codec: FLVAudioCodec, for packet: ByteBuffer) -> Item? {
        let needed = Self.configuration(codec, setup: setup?.codec == codec ? setup?.bytes ?? [] : [], packet: packet)
        guard let needed, needed != configuration else { return nil }
        if let refusal = needed.refusal { return .undecodable(refusal) }
        configuration = needed
        return .configured(needed)
    }

    /// In the words for a codec that FLV knows and that is not taken.
    static func refusal(ofCodec name: String) -> UndecodableAudio {
        UndecodableAudio(name, advice: "send AAC, MP3, Opus or FLAC")
    }

    private static func configuration(
        _ codec: FLVAudioCodec, setup: [UInt8], packet: ByteBuffer
    ) -> CodecConfiguration? {
        let start = packet.readerIndex
        switch codec {
        case .aac:
            let config = AudioSpecificConfig(setup)
            return CodecConfiguration(
                codec: .aac, sampleRate: config?.sampleRate ?? 0, channels: config?.channels ?? 0, setup: setup)
        case .mp3:
            guard let word: UInt32 = packet.getInteger(at: start), let header = MPEGAudioHeader(word) else {
                return nil
            }
            return CodecConfiguration(codec: header.codec, sampleRate: header.sampleRate, channels: header.channels)
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
