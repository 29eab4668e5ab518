/// Names and options of the queues and logs that media takes, so that whoever declares one declares the same.
public enum Topology {
    /// Batches of source packets from Ingest to the workers of one stream.
    public static func source(_ stream: String) -> String { "source.\(stream)" }

    /// No time to live and no dropping: both destroy the failover buffer.
    public static let sourceOptions = QueueOptions(
        singleActiveConsumer: true, expires: .seconds(60), maximumBytes: 16 << 20, maximumMessages: 2_000)

    /// Bundles of parts from the workers of one stream to origins, store writers and successors.
    public static func media(_ stream: String) -> String { "media.\(stream)" }

    /// The live window of 60 s and what listeners of the oldest segment still fetch.
    public static let mediaOptions = LogOptions(maximumBytes: 32 << 20, minimumAge: .seconds(64))

    /// With a store that may be out of reach for a while: what is stored late waits in the log.
    public static let mediaOptionsOfRemoteStore = LogOptions(maximumBytes: 192 << 20, minimumAge: .seconds(600))

    /// Offers of streams that have no worker.
    public static let transcodeJobs = "transcode.jobs"

    /// Offers of streams that have one, and want another to stand by.
    public static let transcodeStandbys = "transcode.standbys"

    /// An offer is worth as long as it takes until the next one.
    public static let transcodeJobsOptions = QueueOptions(
        messageTimeToLive: .seconds(1), maximumBytes: 1 << 20, maximumMessages: 10_000)
}
