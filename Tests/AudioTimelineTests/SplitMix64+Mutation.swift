import TestSupport

extension SplitMix64 {
    /// `bytes` with some of them changed, cut off, repeated or put in.
    mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &self)] }
            let index = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &self)
            case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 2: bytes.removeLast(bytes.count - index)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: index)
            case 4: bytes[index] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &self) ?? 0
            default: for at in index..<min(index + 4, bytes.count) { bytes[at] = 0xFF }
            }
        }
        return bytes
    }
}
