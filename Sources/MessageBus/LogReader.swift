public import NIOCore

/// One reader of one log, with a position of its own.
///
/// The reader pulls: while nobody calls ``next()`` it holds a bounded number of entries at most. One that falls behind
/// the retention goes on at the first entry that is kept; the caller sees the hole by its own numbering.
public protocol LogReader: AnyObject, Sendable {
    /// The next entry, or once, between two entries, that the reader has seen all that the log had when
    /// ``MessageBus/read(_:from:)`` was called; waits for one. `nil` after ``close()`` and after the shutdown of the
    /// bus. Several tasks may wait at a time.
    /// - Throws: ``BusError/noSuchLog(_:)`` once the log is deleted, ``BusError/otherLog(_:)`` instead of the first reading,
    ///   ``BusError/disconnected(_:)``, and `CancellationError`, which loses no entry.
    nonisolated(nonsending) func next() async throws -> LogReading?

    /// Ends the reading.
    func close() async
}

extension LogReader {
    /// Reads the log to the end that it had when this reader began.
    /// - Throws: what ``next()`` and `body` throw; ``BusError/shutDown`` if the reader was closed before the end.
    public nonisolated(nonsending) func catchUp(_ body: (LogEntry) throws -> Void) async throws {
        while let reading = try await next() {
            switch reading {
            case .entry(let entry): try body(entry)
            case .caughtUp: return
            }
        }
        throw BusError.shutDown
    }
}

/// What a reader finds in a log.
public enum LogReading: Hashable, Sendable {
    case entry(LogEntry)
    /// Every entry that the log had when the reader began has been read. Comes exactly once, before the first newer
    /// entry at the latest wherever the broker tells them apart; at once from an empty log or from its end.
    case caughtUp
}

/// One entry of a log.
public struct LogEntry: Hashable, Sendable {
    public let offset: LogOffset
    public let payload: ByteBuffer

    init(offset: LogOffset, payload: ByteBuffer) {
        self.offset = offset
        self.payload = payload
    }
}

/// The broker's own position of an entry. Grows, but not by one: good for comparing.
public struct LogOffset: Hashable, Comparable, Sendable {
    let number: UInt64

    public static func < (left: LogOffset, right: LogOffset) -> Bool { left.number < right.number }
}

/// Where a reader begins.
public enum LogStart: Hashable, Sendable {
    /// At the first entry that is kept.
    case first
    /// Behind the last entry: only what is appended from now on.
    case end
    /// At the first kept entry behind this one, for a reader that was disconnected. A log that was deleted and made anew,
    /// or whose broker lost it, is told by this entry: ``BusError/otherLog(_:)``.
    case after(LogEntry)
}
