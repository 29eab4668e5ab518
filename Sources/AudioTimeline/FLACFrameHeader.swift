/// The block size in a FLAC frame header (RFC 9639 §9.1).
public enum FLACFrameHeader {
    /// Samples in the frame that `bytes` begins with.
    public static func length(_ bytes: [UInt8]) -> Int32? {
        guard bytes.count >= 6, bytes[0] == 0xFF, bytes[1] & 0xFE == 0xF8 else { return nil }
        switch bytes[2] >> 4 {
        case 0: return nil
        case 1: return 192
        case let code where code <= 5: return 576 << Int32(code - 2)
        case 6:
            guard let start = afterNumber(bytes), start < bytes.count else { return nil }
            return Int32(bytes[start]) + 1
        case 7:
            guard let start = afterNumber(bytes), start + 1 < bytes.count else { return nil }
            return Int32(bytes[start]) << 8 + Int32(bytes[start + 1]) + 1
        case let code: return 256 << Int32(code - 8)
        }
    }

    /// Where the coded number, which is written like UTF-8 of up to 7 bytes, ends.
    private static func afterNumber(_ bytes: [UInt8]) -> Int? {
        let ones = (~bytes[4]).leadingZeroBitCount
        switch ones {
        case 0: return 5
        case 2...7: return 4 + ones
        default: return nil
        }
    }
}
