/// What is cut off a packet's samples: the encoder's delay at the beginning of a stream, its padding at the end. In
/// samples of the source's own rate.
public struct PacketTrim: Sendable, Hashable {
    public var start: Int32
    public var end: Int32

    public static let none = PacketTrim()

    /// Values outside of what fits count as the nearest that does; negative ones as 0.
    public init(start: Int64 = 0, end: Int64 = 0) {
        self.start = Int32(clamping: max(0, start))
        self.end = Int32(clamping: max(0, end))
    }
}

/// Which of a packet's samples are heard: `length` of them behind the first `skip`.
public struct PacketSpan: Sendable, Hashable {
    public var skip: Int32
    public var length: Int32

    public init(skip: Int32 = 0, length: Int32) {
        self.skip = skip
        self.length = length
    }
}
