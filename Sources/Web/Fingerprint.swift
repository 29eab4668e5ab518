/// 64-bit FNV-1a: tells versions of our own files apart, no more than that.
enum Fingerprint {
    static func hexadecimal(of contents: [[UInt8]]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for bytes in contents {
            for byte in bytes {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
            // A border, so that bytes moved from one file to the next change the version.
            hash = (hash ^ UInt64(truncatingIfNeeded: bytes.count)) &* 0x100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
