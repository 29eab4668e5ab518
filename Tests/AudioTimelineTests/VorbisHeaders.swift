/// Headers of Vorbis streams with only what counting needs.
enum VorbisHeaders {
    /// - Parameter modes: whether each mode uses the long block.
    static func made(short: Int = 8, long: Int = 11, modes: [Bool] = [false, true]) -> [UInt8] {
        var identification: [UInt8] = [1] + Array("vorbis".utf8) + [0, 0, 0, 0, 2, 0x80, 0xBB, 0, 0]
        identification += [UInt8](repeating: 0, count: 12) + [UInt8(long << 4 | short), 1]
        let comment: [UInt8] = [3] + Array("vorbis".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 1]
        // Bits, least significant first: something that stands for the code books, the modes, the framing bit.
        var bits: [Int] = []
        func append(_ value: Int, _ width: Int) { for index in 0..<width { bits.append(value >> index & 1) } }
        for index in 0..<40 { append(0xA5 ^ index, 8) }
        append(modes.count - 1, 6)
        for (number, mode) in modes.enumerated() {
            append(mode ? 1 : 0, 1)
            append(0, 16)
            append(0, 16)
            append(number, 8)
        }
        append(1, 1)
        while bits.count % 8 != 0 { bits.append(0) }
        var setup: [UInt8] = [5] + Array("vorbis".utf8)
        for start in stride(from: 0, to: bits.count, by: 8) {
            setup.append((0..<8).reduce(0) { $0 | UInt8(bits[start + $1]) << UInt8($1) })
        }
        return [2, UInt8(identification.count), UInt8(comment.count)] + identification + comment + setup
    }
}
