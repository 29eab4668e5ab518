public import NIOCore

extension MediaLogEntry {
    private static let version: UInt8 = 1

    /// The entry as bytes for the bus; all integers big-endian.
    public func encoded() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(Self.version)
        switch self {
        case .fence(let generation, let worker):
            buffer.writeInteger(UInt8(1))
            buffer.writeInteger(generation)
            buffer.writeText(worker)
        case .bundle(let bundle):
            buffer.writeInteger(UInt8(2))
            bundle.write(into: &buffer)
        case .end(let generation):
            buffer.writeInteger(UInt8(3))
            buffer.writeInteger(generation)
        }
        return buffer
    }

    public init(decoding bytes: ByteBuffer) throws(WireError) {
        var buffer = bytes
        let version: UInt8 = try buffer.readWire()
        guard version == Self.version else { throw .unknownVersion(version) }
        switch try buffer.readWire(UInt8.self) {
        case 1:
            let generation: UInt32 = try buffer.readWire()
            self = .fence(generation: generation, worker: try buffer.readText())
        case 2: self = .bundle(try MediaBundle(reading: &buffer))
        case 3: self = .end(generation: try buffer.readWire())
        default: throw .malformed
        }
    }
}

extension MediaBundle {
    fileprivate func write(into buffer: inout ByteBuffer) {
        buffer.reserveCapacity(256 + parts.reduce(0) { $0 + $1.bytes.readableBytes + 8 })
        buffer.writeMultipleIntegers(generation, epoch, mediaSequence, discontinuitySequence, part)
        buffer.writeMultipleIntegers(position, durationSamples, UInt8(isLastOfSegment ? 1 : 0))
        buffer.writeInteger(segmentDateMicroseconds)
        buffer.writeInteger(UInt8(nowPlaying == nil ? 0 : 1))
        if let nowPlaying {
            buffer.writeText(nowPlaying.title)
            buffer.writeText(nowPlaying.artist)
        }
        buffer.writeInteger(UInt8(clamping: levels.count))
        for level in levels.prefix(255) { buffer.writeMultipleIntegers(level.peak, level.rms) }
        buffer.writeInteger(UInt8(clamping: setups.count))
        for setup in setups.prefix(255) {
            buffer.writeText(setup.name)
            buffer.writeText(setup.codecs)
            buffer.writeMultipleIntegers(setup.peakBitRate, setup.averageBitRate, setup.partTargetSamples)
            buffer.writeBlock(setup.initialization)
        }
        buffer.writeInteger(UInt8(clamping: parts.count))
        for part in parts.prefix(255) {
            buffer.writeInteger(part.durationSamples)
            buffer.writeBlock(part.bytes)
        }
    }

    fileprivate init(reading buffer: inout ByteBuffer) throws(WireError) {
        generation = try buffer.readWire()
        epoch = try buffer.readWire()
        mediaSequence = try buffer.readWire()
        discontinuitySequence = try buffer.readWire()
        part = try buffer.readWire()
        position = try buffer.readPosition()
        durationSamples = try buffer.readWire()
        isLastOfSegment = try buffer.readWire(UInt8.self) != 0
        segmentDateMicroseconds = try buffer.readDate()
        // Whoever reads reckons with all of these: sequence numbers count segments, of which the epoch has had so many.
        guard UInt64(position / Timeline.segmentSamples) <= mediaSequence, mediaSequence < 1 << 53,
            discontinuitySequence < 1 << 53, part < Timeline.slotsPerSegment,
            durationSamples <= Timeline.slotSamples
        else { throw .malformed }
        if try buffer.readWire(UInt8.self) != 0 {
            let title = try buffer.readText()
            nowPlaying = NowPlaying(title: title, artist: try buffer.readText())
        } else {
            nowPlaying = nil
        }
        levels = []
        for _ in 0..<(try buffer.readWire(UInt8.self)) {
            let peak: UInt8 = try buffer.readWire()
            levels.append(SlotLevel(peak: peak, rms: try buffer.readWire()))
        }
        setups = []
        for _ in 0..<(try buffer.readWire(UInt8.self)) {
            let name = try buffer.readText()
            let codecs = try buffer.readText()
            let peak: UInt32 = try buffer.readWire()
            let average: UInt32 = try buffer.readWire()
            let target: UInt32 = try buffer.readWire()
            setups.append(
                RenditionSetup(
                    name: name, codecs: codecs, peakBitRate: peak, averageBitRate: average,
                    partTargetSamples: target, initialization: try buffer.readBlock()))
        }
        parts = []
        for _ in 0..<(try buffer.readWire(UInt8.self)) {
            let duration: UInt32 = try buffer.readWire()
            parts.append(RenditionPart(durationSamples: duration, bytes: try buffer.readBlock()))
        }
    }
}
