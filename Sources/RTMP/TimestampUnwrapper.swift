/// Makes one rising line of 32-bit milliseconds.
///
/// RTMP wraps at 2^32; encoders whose times come from FLV clear the top bit and wrap at 2^31. Every other step is taken
/// as the signed 32-bit difference that it is.
struct TimestampUnwrapper: Sendable {
    /// How near to 2^31 and to 0 two neighbouring times must lie to be a wrap of 31 bits: ten minutes.
    private static let edge: UInt32 = 600_000
    private static let half: UInt32 = 1 << 31
    /// 139 000 years of milliseconds.
    private static let farthest: UInt64 = 1 << 52

    private var last: (raw: UInt32, unwrapped: Int64)?

    mutating func unwrap(_ raw: UInt32) -> Int64 {
        guard let (lastRaw, lastUnwrapped) = last else {
            last = (raw, Int64(raw))
            return Int64(raw)
        }
        var difference = Int64(Int32(bitPattern: raw &- lastRaw))
        if Self.isBelowHalf(lastRaw), raw < Self.edge {
            difference = Int64(raw) + Int64(Self.half) - Int64(lastRaw)
        } else if lastRaw < Self.edge, Self.isBelowHalf(raw) {
            // A late packet from before such a wrap.
            difference = Int64(raw) - Int64(Self.half) - Int64(lastRaw)
        }
        var unwrapped = lastUnwrapped + difference
        // A peer can gain 2^31 ms with each message. What no clock shows begins anew, so that nobody who reckons with
        // the line has to fear for it.
        if unwrapped.magnitude > Self.farthest { unwrapped = Int64(raw) }
        last = (raw, unwrapped)
        return unwrapped
    }

    private static func isBelowHalf(_ raw: UInt32) -> Bool {
        raw < half && half - raw <= edge
    }
}
