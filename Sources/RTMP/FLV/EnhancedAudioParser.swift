import NIOCore

/// Parses what follows the first byte of an enhanced audio payload (Enhanced RTMP v2, "Enhanced Audio").
struct EnhancedAudioParser {
    /// Tracks followed in one message.
    static let maximumTracks = 8

    private var body: ByteBuffer
    private let timestamp: Int64
    private var nanosecondOffset = 0

    init(body: ByteBuffer, timestamp: Int64) {
        self.body = body
        self.timestamp = timestamp
    }

    mutating func parse(packetType: UInt8, into items: inout [AudioTagParser.Item]) throws(AudioTagError) {
        let type = try readModifiers(packetType)
        if type == 5 {
            try parseMultitrack(into: &items)
        } else {
            try append(packetType: type, codec: try readFourCC(), track: 0, body: body, to: &items)
        }
    }

    /// Reads the chain of ModEx modifiers and gives the packet type behind it.
    private mutating func readModifiers(_ packetType: UInt8) throws(AudioTagError) -> UInt8 {
        var type = packetType
        while type == 7 {
            var count = Int(try read(UInt8.self)) + 1
            if count == 256 { count = Int(try read(UInt16.self)) + 1 }
            guard let data = body.readSlice(length: count) else { throw .truncated }
            let next = try read(UInt8.self)
            if next >> 4 == 0, let offset = data.getUInt24(at: data.readerIndex), offset < 1_000_000 {
                nanosecondOffset = Int(offset)
            }
            type = next & 0x0F
        }
        return type
    }

    private mutating func parseMultitrack(into items: inout [AudioTagParser.Item]) throws(AudioTagError) {
        let types = try read(UInt8.self)
        let (multitrackType, packetType) = (types >> 4, types & 0x0F)
        guard packetType != 5 else { throw .nestedMultitrack }
        guard multitrackType <= 2 else { throw .reservedValue(multitrackType) }
        let sharedCodec = multitrackType == 2 ? nil : try readFourCC()
        for _ in 0..<Self.maximumTracks {
            let codec = if let sharedCodec { sharedCodec } else { try readFourCC() }
            let track = Int(try read(UInt8.self))
            if multitrackType == 0 {
                return try append(packetType: packetType, codec: codec, track: track, body: body, to: &items)
            }
            guard let length = body.readUInt24(), let slice = body.readSlice(length: Int(length))
            else { throw .truncated }
            try append(packetType: packetType, codec: codec, track: track, body: slice, to: &items)
            if body.readableBytes == 0 { return }
        }
        throw .tooManyTracks
    }

    private func append(
        packetType: UInt8, codec fourCC: UInt32, track: Int, body: ByteBuffer, to items: inout [AudioTagParser.Item]
    ) throws(AudioTagError) {
        guard [0, 1, 2, 4].contains(packetType) else { throw .reservedValue(packetType) }
        guard let codec = FLVAudioCodec(fourCC: fourCC) else {
            return items.append(.unsupportedCodec(name: Self.name(ofFourCC: fourCC), track: track))
        }
        let payload: AudioTag.Payload
        switch packetType {
        case 0:
            if codec == .aac, body.readableBytes == 0 { return }
            payload = .sequenceHeader(codec, try SequenceHeader.check(body, of: codec))
        case 1:
            if body.readableBytes == 0 { return }
            payload = .frame(codec, body)
        case 2: payload = .end
        default: payload = .multichannelConfiguration(codec, try MultichannelConfiguration(body))
        }
        let tag = AudioTag(timestamp: timestamp, nanosecondOffset: nanosecondOffset, track: track, payload: payload)
        items.append(.tag(tag))
    }

    private mutating func readFourCC() throws(AudioTagError) -> UInt32 {
        try read(UInt32.self)
    }

    private mutating func read<T: FixedWidthInteger>(_ type: T.Type) throws(AudioTagError) -> T {
        guard let value = body.readInteger(as: type) else { throw .truncated }
        return value
    }

    private static func name(ofFourCC fourCC: UInt32) -> String {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: fourCC >> (24 - 8 * $0)) }
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return "codec 0x" + String(fourCC, radix: 16, uppercase: true) }
        return "FourCC " + String(decoding: bytes, as: UTF8.self)
    }
}
