/// How long an Opus packet lasts, from its table-of-contents byte (RFC 6716 §3.1).
public enum OpusPacketHeader {
    /// Samples at 48 kHz; nil when the packet breaks a rule of RFC 6716 §3.4 that counting can see.
    public static func length(first: UInt8, second: UInt8?) -> Int32? {
        let configuration = Int(first >> 3)
        let frame: Int32
        switch configuration {
        case 0..<12: frame = [480, 960, 1920, 2880][configuration & 3]
        case 12..<16: frame = [480, 960][configuration & 1]
        default: frame = [120, 240, 480, 960][configuration & 3]
        }
        let count: Int32
        switch first & 3 {
        case 0: count = 1
        case 1, 2: count = 2
        default:
            guard let second, second & 63 > 0 else { return nil }
            count = Int32(second & 63)
        }
        let length = frame * count
        return length <= 5760 ? length : nil
    }
}
