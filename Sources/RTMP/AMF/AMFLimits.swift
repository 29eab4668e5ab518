/// Bounds of one AMF message.
struct AMFLimits: Sendable {
    var depth = 16
    var values = 1024
    /// Bytes of UTF-8.
    var stringBytes = 64 * 1024
}
