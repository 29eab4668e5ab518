public import AudioTimeline
public import MessageBus

/// What Ingest keeps to; the defaults are those of the product.
public struct IngestSettings: Sendable {
    /// How long a stream waits for an encoder that went without a word.
    public var grace = Duration.seconds(30)
    /// How long a lease on a stream lasts, and how often it is renewed.
    public var lease = Duration.seconds(10)
    public var leaseRenewal = Duration.seconds(3)
    /// How often a stream looks for workers.
    public var offerInterval = Duration.seconds(1)
    /// A stream that no worker has taken for so long is warned of.
    public var workerPatience = Duration.seconds(5)
    /// Workers that each stream wants: an active one, and a standby where there are several processes.
    public var workers = 1
    /// A push without audio is ended after this.
    public var audioDeadline = Duration.seconds(10)
    /// Where set-up data has come in a container that keeps audio back until a page is full: 47 s of silence in FLAC at
    /// 22.05 kHz.
    public var pageDeadline = Duration.seconds(60)
    /// A connection from which nothing comes is closed after this.
    public var readDeadline = Duration.seconds(30)
    /// Queue and log stay so long after the end, for listeners of the live window.
    public var linger = Duration.seconds(75)
    /// What the logs of streams keep: with a store that is another machine ``Topology/mediaOptionsOfRemoteStore``. When
    /// a stream is over, its log stays for up to this age until its recording is complete.
    public var mediaLog = Topology.mediaOptions
    public var limits = StreamClock.Limits()
    /// How many streams a channel may begin.
    public var newStreams = NewStreamAllowance()
    public var ladder = Ladder.standard

    public init() {}

    var graceNanoseconds: Int64 { grace.nanoseconds }
}

extension Duration {
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
