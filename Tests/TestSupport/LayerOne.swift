/// MPEG audio layer I (ISO/IEC 11172-3 §2.4.1.5), which no encoder at hand makes: a tone in one of the 32 bands.
public enum LayerOne {
    /// Samples in a frame.
    public static let frameLength = 384
    /// Of the tone: the middle of the third band at 48 kHz.
    public static let frequency = 2.5 * 24_000 / 32

    /// Mono of 48 kHz and 128 kbit/s. The band's samples repeat after four, so each frame is like the one before.
    public static func tone(frames count: Int) -> [UInt8] {
        var bits: [UInt8] = []
        func put(_ value: Int, _ width: Int) { bits += (0..<width).reversed().map { UInt8(value >> $0 & 1) } }
        // Sync, MPEG-1, layer I, no checksum; 128 kbit/s, 48 kHz; mono.
        put(0xFFF, 12)
        put(1, 1)
        put(3, 2)
        put(1, 1)
        put(4, 4)
        put(1, 2)
        put(0, 2)
        put(3, 2)
        put(0, 6)
        // 8 bits a sample in the third band, none in the others; a scale factor of 1.26.
        for band in 0..<32 { put(band == 2 ? 7 : 0, 4) }
        put(2, 6)
        for index in 0..<12 { put([127, 190, 127, 64][index % 4], 8) }
        let length = 12 * 128_000 / 48_000 * 4
        put(0, length * 8 - bits.count)
        let frame = stride(from: 0, to: bits.count, by: 8).map { bits[$0..<($0 + 8)].reduce(0) { $0 << 1 | $1 } }
        return (0..<count).flatMap { _ in frame }
    }
}
