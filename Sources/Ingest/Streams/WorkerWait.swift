/// How long a stream has been without a worker.
struct WorkerWait {
    enum Change {
        case tooLong
        case over
    }

    let patience: Duration
    private var since: ContinuousClock.Instant?
    private var isTooLong = false

    init(patience: Duration) { self.patience = patience }

    /// - Returns: what is to be told, once each.
    mutating func note(hasWorker: Bool, at now: ContinuousClock.Instant) -> Change? {
        if hasWorker {
            since = nil
            defer { isTooLong = false }
            return isTooLong ? .over : nil
        }
        let start = since ?? now
        since = start
        guard !isTooLong, now - start >= patience else { return nil }
        isTooLong = true
        return .tooLong
    }

    /// The bus did not answer: workers were cut off from it as well, and get their time anew.
    mutating func busWasAway() { since = nil }
}
