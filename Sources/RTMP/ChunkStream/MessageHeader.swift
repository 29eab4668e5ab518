/// What is known of a message beside its payload.
struct MessageHeader: Sendable, Equatable {
    var type: UInt8
    /// Milliseconds modulo 2^32.
    var timestamp: UInt32
    var streamID: UInt32
    /// Bytes of the payload.
    var length: Int
}
