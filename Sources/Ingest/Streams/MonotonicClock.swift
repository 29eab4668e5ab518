import NIOCore

/// Nanoseconds of a clock that never jumps.
enum MonotonicClock {
    static var now: Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }
}
