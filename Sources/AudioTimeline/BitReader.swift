/// Reads bits, most significant first. Reading past the end gives nil, never a trap.
public struct BitReader: Sendable {
    private let bytes: [UInt8]
    /// Bits that were read.
    public private(set) var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// A field of up to 32 bits.
    public mutating func read(_ count: Int) -> Int? {
        guard (0...32).contains(count), position + count <= bytes.count * 8 else { return nil }
        var value = 0
        for _ in 0..<count {
            value = value << 1 | Int(bytes[position >> 3] >> UInt8(7 - position & 7) & 1)
            position += 1
        }
        return value
    }
}

extension BitReader {
    public var bitsLeft: Int { bytes.count * 8 - position }

    /// - Returns: whether there were so many bits.
    public mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= bitsLeft else { return false }
        position += count
        return true
    }

    /// Bytes that may begin at any bit.
    public mutating func readBytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= bitsLeft / 8 else { return nil }
        let shift = UInt8(position & 7)
        let start = position >> 3
        position += count * 8
        guard shift > 0 else { return Array(bytes[start..<(start + count)]) }
        return (start..<(start + count)).map { bytes[$0] << shift | bytes[$0 + 1] >> (8 - shift) }
    }
}

/// The coded fields of an `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1).
extension BitReader {
    /// Samples a second by index (§1.6.3.4); indices from 13 on are reserved, 15 stands for a rate that is written out.
    public static let audioSampleRates = [
        96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
    ]

    public mutating func readAudioObjectType() -> Int? {
        guard let type = read(5) else { return nil }
        return type == 31 ? read(6).map { $0 + 32 } : type
    }

    /// - Returns: nil at the end, and for a reserved index.
    public mutating func readAudioSampleRate() -> Int? {
        guard let index = read(4) else { return nil }
        if index == 15 { return read(24) }
        return Self.audioSampleRates.indices.contains(index) ? Self.audioSampleRates[index] : nil
    }
}
