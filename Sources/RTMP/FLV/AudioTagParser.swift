import NIOCore

/// Parses the payload of one audio message or FLV audio tag: the legacy header (FLV 10.1 §E.4.2) and the enhanced one
/// (Enhanced RTMP v2, "Enhanced Audio"). Knows nothing of earlier messages.
enum AudioTagParser {
    enum Item: Sendable, Equatable {
        case tag(AudioTag)
        case unsupportedCodec(name: String, track: Int)
    }

    /// Appends what the payload holds to `items`; nothing for an empty payload, which stands for silence.
    static func parse(_ payload: ByteBuffer, timestamp: Int64, into items: inout [Item]) throws(AudioTagError) {
        var body = payload
        guard let first = body.readInteger(as: UInt8.self) else { return }
        func append(_ payload: AudioTag.Payload) {
            items.append(.tag(AudioTag(timestamp: timestamp, payload: payload)))
        }
        // Rate, size and channels in the low bits are wrong as often as right; codecs tell themselves.
        switch first >> 4 {
        case 2, 14:
            if body.readableBytes > 0 { append(.frame(.mp3, body)) }
        case 9:
            var parser = EnhancedAudioParser(body: body, timestamp: timestamp)
            try parser.parse(packetType: first & 0x0F, into: &items)
        case 10:
            guard let type = body.readInteger(as: UInt8.self) else { throw .truncated }
            guard type < 2 else { throw .reservedValue(type) }
            // Encoders that learn their configuration late send an empty one first.
            guard body.readableBytes > 0 else { return }
            append(type == 0 ? .sequenceHeader(.aac, try SequenceHeader.check(body, of: .aac)) : .frame(.aac, body))
        case let format: items.append(.unsupportedCodec(name: legacyName(ofFormat: format), track: 0))
        }
    }

    private static func legacyName(ofFormat format: UInt8) -> String {
        switch format {
        case 0, 3: "Linear PCM"
        case 1: "ADPCM"
        case 4, 5, 6: "Nellymoser"
        case 7: "G.711 A-law"
        case 8: "G.711 µ-law"
        case 11: "Speex"
        case 13: "Opus in a non-standard form (sound format 13)"
        default: "sound format \(format)"
        }
    }
}
