import AudioTimeline

/// Whether one worker falls behind: what waits of its source grows beyond what listeners have.
struct Lateness {
    /// Seconds of the source that wait. Parts come as late, beside a worker that keeps up.
    static let limit = 2.0
    private static let patience = Duration.seconds(3)
    /// A worker that catches up has so much less after a while: it may have taken the stream over, or the bus was away.
    private static let progress = 0.5
    /// In the source a batch is half a slot.
    private static let batchSeconds = Double(Timeline.slotSamples) / 2 / Double(Timeline.sampleRate)

    private var start: (at: ContinuousClock.Instant, seconds: Double)?
    private(set) var seconds = 0.0

    /// - Parameter waiting: batches that have come and were not taken.
    /// - Returns: whether it has been late for a while, and does not get better.
    mutating func fallsBehind(waiting: Int, at now: ContinuousClock.Instant) -> Bool {
        seconds = Double(waiting) * Self.batchSeconds
        guard seconds > Self.limit else {
            start = nil
            return false
        }
        guard let start, seconds > start.seconds - Self.progress else {
            start = (now, seconds)
            return false
        }
        return now - start.at >= Self.patience
    }
}
