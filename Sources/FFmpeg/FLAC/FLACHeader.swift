/// The header of a FLAC frame (RFC 9639 §9.1).
struct FLACHeader {
    /// Sync and codes, number, block size, rate, checksum.
    static let longest = 4 + 7 + 2 + 2 + 1

    let blockSize: Int
    /// `nil`: as STREAMINFO says.
    let sampleRate: Int?
    let channels: Int
    /// `nil`: as STREAMINFO says.
    let bitsPerSample: Int?
    /// Counts samples if the block size may vary, frames otherwise.
    let number: UInt64
    let numberLength: Int
    let isVariable: Bool
    /// With the checksum.
    let length: Int

    /// - Parameter bytes: at least ``longest`` of them, or all up to the end.
    /// - Returns: `nil` unless the checksum is right.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 6, bytes[0] == 0xFF, bytes[1] & 0xFE == 0xF8, bytes[3] & 1 == 0 else { return nil }
        let (sizeCode, rateCode, channelCode) = (bytes[2] >> 4, Int(bytes[2] & 0x0F), bytes[3] >> 4)
        guard sizeCode != 0, rateCode != 15, channelCode < 11 else { return nil }
        let bitsCode = Int(bytes[3] >> 1 & 7)
        guard bitsCode != 3 else { return nil }

        var reader = ByteReader(bytes, position: 4)
        guard let number = reader.readCodedNumber() else { return nil }
        numberLength = reader.position - 4
        switch sizeCode {
        case 1: blockSize = 192
        case 2...5: blockSize = 576 << (sizeCode - 2)
        case 6: blockSize = (reader.read(1) ?? 0) + 1
        case 7: blockSize = (reader.read(2) ?? 0) + 1
        default: blockSize = 256 << (sizeCode - 8)
        }
        switch rateCode {
        case 0: sampleRate = nil
        case 12: sampleRate = (reader.read(1) ?? 0) * 1_000
        case 13: sampleRate = reader.read(2) ?? 0
        case 14: sampleRate = (reader.read(2) ?? 0) * 10
        default: sampleRate = Self.rates[rateCode]
        }
        guard reader.position < bytes.count,
            Checksum.flacHeader(Array(bytes[..<reader.position])) == bytes[reader.position]
        else { return nil }
        length = reader.position + 1
        self.number = number
        isVariable = bytes[1] & 1 == 1
        channels = channelCode < 8 ? Int(channelCode) + 1 : 2
        bitsPerSample = Self.bits[bitsCode]
    }

    /// Whether a frame with this header may come right behind one with `other`.
    func follows(_ other: FLACHeader) -> Bool {
        isVariable == other.isVariable && number == other.number &+ (isVariable ? UInt64(other.blockSize) : 1)
    }

    private static let rates = [
        0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    ]
    private static let bits: [Int?] = [nil, 8, 12, nil, 16, 20, 24, 32]
}

/// Reads big-endian numbers.
private struct ByteReader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func read(_ count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        defer { position += count }
        return bytes[position..<(position + count)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// The code of UTF-8, extended to 36 bits (RFC 9639 §9.1.5).
    mutating func readCodedNumber() -> UInt64? {
        guard let first = read(1) else { return nil }
        let length = (~UInt8(first)).leadingZeroBitCount
        guard length != 1, length < 8 else { return nil }
        var number = UInt64(first & (0xFF >> (length + 1)))
        for _ in 0..<max(0, length - 1) {
            guard let next = read(1), next & 0xC0 == 0x80 else { return nil }
            number = number << 6 | UInt64(next & 0x3F)
        }
        return number
    }
}
