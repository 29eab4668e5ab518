/// What becomes of recordings.
public struct RecordingRules: Sendable {
    /// Recordings whose end is longer ago are removed; nil keeps them.
    public var keepFor: Duration?
    /// Bytes that all streams together may take; the oldest recordings go first.
    public var quotaBytes: Int64?
    /// Bytes that the streams of one channel may take.
    public var channelQuotaBytes: Int64?
    /// The rewind window. Of streams that are not kept it is all that is stored, and for so long after their end.
    public var rewind = Duration.seconds(7200)
    /// How often the rules are applied. Each time the store is listed, and what is not complete is read.
    public var interval = Duration.seconds(60)

    public init() {}

    /// Listeners that have an older playlist still ask for what has just left the window.
    var windowSamples: Int64 { (rewind.components.seconds + 30) * 48_000 }
}
