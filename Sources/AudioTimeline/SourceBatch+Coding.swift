public import NIOCore

extension SourceBatch {
    private static let version: UInt8 = 1

    /// The batch as bytes for the bus: version, epoch, sequence, date, leg, items; all integers big-endian.
    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(Self.version)
        buffer.writeInteger(epoch)
        buffer.writeInteger(sequence)
        buffer.writeInteger(epochDateMicroseconds)
        buffer.writeInteger(UInt8(leg == nil ? 0 : 1))
        if let leg { leg.write(into: &buffer) }
        buffer.writeInteger(UInt32(items.count))
        for item in items { item.write(into: &buffer) }
        return buffer
    }

    public init(decoding bytes: ByteBuffer) throws(WireError) {
        var buffer = bytes
        let version: UInt8 = try buffer.readWire()
        guard version == Self.version else { throw .unknownVersion(version) }
        epoch = try buffer.readWire()
        sequence = try buffer.readWire()
        epochDateMicroseconds = try buffer.readDate()
        leg = try buffer.readWire(UInt8.self) == 0 ? nil : Leg(reading: &buffer)
        items = []
        // Never reserved by the announced count: each item takes at least a byte, so the message bounds the array.
        for _ in 0..<(try buffer.readWire(UInt32.self)) { items.append(try SourceItem(reading: &buffer)) }
    }
}

extension Leg {
    fileprivate func write(into buffer: inout ByteBuffer) {
        buffer.writeInteger(number)
        buffer.writeInteger(start)
        buffer.writeInteger(configuration.codec.rawValue)
        buffer.writeInteger(UInt32(configuration.sampleRate))
        buffer.writeInteger(UInt8(clamping: configuration.channels))
        buffer.writeBlock(ByteBuffer(bytes: configuration.setup))
    }

    fileprivate init(reading buffer: inout ByteBuffer) throws(WireError) {
        number = try buffer.readWire()
        start = try buffer.readPosition()
        guard let codec = AudioCodec(rawValue: try buffer.readWire()) else { throw .malformed }
        let rate: UInt32 = try buffer.readWire()
        guard CodecConfiguration.sampleRates.contains(Int(rate)) else { throw .malformed }
        let channels: UInt8 = try buffer.readWire()
        let setup = try buffer.readBlock()
        configuration = CodecConfiguration(
            codec: codec, sampleRate: Int(rate), channels: Int(channels), setup: Array(setup.readableBytesView))
    }
}

extension SourceItem {
    fileprivate func write(into buffer: inout ByteBuffer) {
        switch self {
        case .packet(let packet):
            // The common case stays as short as it was, and as workers before trims read it.
            buffer.writeInteger(UInt8(packet.skip == 0 ? 1 : 6))
            buffer.writeInteger(packet.position)
            buffer.writeInteger(packet.length)
            if packet.skip != 0 { buffer.writeInteger(packet.skip) }
            buffer.writeBlock(packet.payload)
        case .silence(let start, let length):
            buffer.writeInteger(UInt8(2))
            buffer.writeInteger(start)
            buffer.writeInteger(length)
        case .legEnd(let position):
            buffer.writeInteger(UInt8(3))
            buffer.writeInteger(position)
        case .nowPlaying(let playing, let position):
            buffer.writeInteger(UInt8(4))
            buffer.writeInteger(position)
            buffer.writeText(playing.title)
            buffer.writeText(playing.artist)
        case .end(let position):
            buffer.writeInteger(UInt8(5))
            buffer.writeInteger(position)
        }
    }

    fileprivate init(reading buffer: inout ByteBuffer) throws(WireError) {
        let kind: UInt8 = try buffer.readWire()
        switch kind {
        case 1, 6:
            let position = try buffer.readPosition()
            let length: Int32 = try buffer.readWire()
            let skip: Int32 = kind == 6 ? try buffer.readWire() : 0
            guard (0...SourcePacket.mostSamples).contains(length), (0...SourcePacket.mostSamples).contains(skip) else {
                throw .malformed
            }
            self = .packet(
                SourcePacket(position: position, length: length, skip: skip, payload: try buffer.readBlock()))
        case 2:
            let start = try buffer.readPosition()
            let length = try buffer.readPosition()
            guard length > 0 else { throw .malformed }
            self = .silence(start: start, length: length)
        case 3: self = .legEnd(position: try buffer.readPosition())
        case 4:
            let position = try buffer.readPosition()
            let title = try buffer.readText()
            self = .nowPlaying(NowPlaying(title: title, artist: try buffer.readText()), position: position)
        case 5: self = .end(position: try buffer.readPosition())
        default: throw .malformed
        }
    }
}
