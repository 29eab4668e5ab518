import NIOCore

/// AAC in ADTS framing (ISO 14496-3 §1.A.2.2) where FLV wants raw access units; some encoders send it.
///
/// A raw access unit never begins with the sync word: its first three bits would be the element that ends a unit.
struct ADTSFrames: Sendable {
    /// The `AudioSpecificConfig` that the first header stands for.
    let configuration: ByteBuffer
    /// Access units without headers.
    let units: [ByteBuffer]

    /// Nil when the bytes are not ADTS frames from the first to the last.
    init?(_ payload: ByteBuffer) {
        var rest = payload
        var configuration: ByteBuffer?
        var units: [ByteBuffer] = []
        while rest.readableBytes > 0 {
            let start = rest.readerIndex
            // Sync word, MPEG version, layer 0, whether no CRC follows.
            guard let sync = rest.getInteger(at: start, as: UInt16.self), sync & 0xFFF6 == 0xFFF0,
                let fields = rest.getInteger(at: start + 2, as: UInt32.self)
            else { return nil }
            let headerSize = sync & 1 == 1 ? 7 : 9
            let frameSize = Int(fields >> 5 & 0x1FFF)
            guard frameSize > headerSize, let frame = rest.readSlice(length: frameSize),
                let unit = frame.getSlice(at: frame.readerIndex + headerSize, length: frameSize - headerSize)
            else { return nil }
            units.append(unit)
            if configuration == nil { configuration = Self.configuration(fields) }
        }
        guard let configuration else { return nil }
        self.configuration = configuration
        self.units = units
    }

    /// Object type, rate index and channel configuration: bits 31–30, 29–26 and 24–22 of the word after the sync.
    private static func configuration(_ fields: UInt32) -> ByteBuffer {
        let objectType = (fields >> 30) + 1
        let rateIndex = fields >> 26 & 0x0F
        let channels = fields >> 22 & 0x07
        return ByteBuffer(integer: UInt16(truncatingIfNeeded: objectType << 11 | rateIndex << 7 | channels << 3))
    }
}
