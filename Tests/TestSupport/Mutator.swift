/// Changes bytes, inserts, deletes, repeats and cuts, as broken peers and disks do.
public struct Mutator: Sendable {
    private var random: SplitMix64

    public init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    public mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            guard !bytes.isEmpty else { break }
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes[index] = [0, 0xFF, 0x7F, 0x80, 0x01].randomElement(using: &random) ?? 0
            case 3: bytes.remove(at: index)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            case 5: bytes.removeSubrange(index...)
            default: bytes.insert(contentsOf: bytes[index..<min(index + 40, bytes.count)], at: index)
            }
        }
        return bytes
    }
}
