/// How patiently and how busily a store is asked.
public struct S3Settings: Sendable {
    /// From the first byte sent to the last one read, for each try.
    public var requestDeadline = Duration.seconds(15)
    /// For the connection, TLS included.
    public var connectDeadline = Duration.seconds(5)
    /// Tries of one request, when the service is busy or does not answer.
    public var attempts = 4
    /// Pause after the first try; it doubles up to ``longestPause``.
    public var firstPause = Duration.milliseconds(100)
    public var longestPause = Duration.seconds(5)
    /// Requests that read run at most so many at once, and those that change something apart from them, so that
    /// listeners and the recording do not wait for one another.
    public var maximumRunning = 32
    /// Requests of each kind that wait for their turn; one more is refused with ``SegmentStoreError/busy(operation:key:)``.
    public var maximumWaiting = 512

    public init() {}
}
