import Events

/// Makes the ids of streams: never used again, and in the order of their beginning.
enum StreamID {
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// 9 digits of milliseconds since 1970 and 6 random ones, in Crockford's base 32: as long as a string may be without
    /// memory of its own.
    static func make(at now: Timestamp) -> String {
        var text = ""
        for shift in stride(from: 40, through: 0, by: -5) {
            text.append(digits[Int(now.milliseconds >> Int64(shift) & 31)])
        }
        for _ in 0..<6 { text.append(digits[Int.random(in: 0..<32)]) }
        return text
    }
}
