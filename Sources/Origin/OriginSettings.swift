/// What an origin keeps to; the defaults are those of the product.
public struct OriginSettings: Sendable {
    /// Whether playlists have parts and hints.
    public var isLowLatency = true
    /// How far listeners may rewind.
    public var rewind = Duration.seconds(7200)
    /// A stream that nobody asks for is no longer read after this.
    public var linger = Duration.seconds(60)
    /// How long the first playlists of a stream wait for its first whole segment.
    public var startPatience = Duration.seconds(4)

    /// A stream on the air of which nothing new was heard for so long is asked of another origin where that can be.
    public var logPatience = Duration.seconds(5)

    public init() {}
}
