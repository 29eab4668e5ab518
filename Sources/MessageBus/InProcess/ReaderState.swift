/// Names a reader of the in-process broker.
struct ReaderID: Hashable, Sendable {
    let number: UInt64
}

/// Where one reader of a log is.
struct ReaderState: Sendable {
    private var position: UInt64
    /// The end that the log had when the reader began, until it was told that it has come there.
    private var initialEnd: UInt64?

    init(position: UInt64, end: UInt64) {
        self.position = position
        initialEnd = end
    }

    /// What comes next; `nil` at the end of the log.
    mutating func advance(in log: LogState) -> LogReading? {
        let entry = log.entry(at: position)
        if let end = initialEnd, entry.map({ $0.offset.number >= end }) ?? true {
            initialEnd = nil
            return .caughtUp
        }
        guard let entry else { return nil }
        position = entry.offset.number + 1
        return .entry(entry)
    }
}
