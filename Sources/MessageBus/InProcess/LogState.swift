import NIOCore

/// One log of the in-process broker.
struct LogState: Sendable {
    private struct Entry {
        let payload: ByteBuffer
        let appended: Duration
    }

    /// What an entry costs beside its payload, so that empty ones are bounded as well.
    static let entryOverheadBytes = 64

    let options: LogOptions
    /// The readers that wait for the next entry.
    var waiting: Set<ReaderID> = []
    private var entries = CircularBuffer<Entry>()
    private var bytes = 0
    private var firstOffset: UInt64 = 0

    init(options: LogOptions) {
        self.options = options
    }

    /// The offset that the next entry will have.
    var endOffset: UInt64 { firstOffset + UInt64(entries.count) }

    func position(of start: LogStart) -> UInt64 {
        switch start {
        case .first: firstOffset
        case .end: endOffset
        case .after(let offset): offset.number < endOffset ? offset.number + 1 : endOffset
        }
    }

    /// An entry arrives; false if it is larger than the whole log may be.
    mutating func append(_ payload: ByteBuffer, now: Duration) -> Bool {
        let size = payload.readableBytes + Self.entryOverheadBytes
        guard size <= options.maximumBytes else { return false }
        entries.append(Entry(payload: payload.compacted(), appended: now))
        bytes += size
        // The newest entry always stays: it is no older than `now`, and by itself it fits.
        while let first = entries.first, bytes > options.maximumBytes || first.appended + options.minimumAge < now {
            bytes -= first.payload.readableBytes + Self.entryOverheadBytes
            entries.removeFirst()
            firstOffset += 1
        }
        return true
    }

    /// The entry at this position, or the first one behind it that is kept; `nil` at the end.
    func entry(at position: UInt64) -> LogEntry? {
        let offset = max(position, firstOffset)
        guard offset < endOffset else { return nil }
        let index = entries.index(entries.startIndex, offsetBy: Int(offset - firstOffset))
        return LogEntry(offset: LogOffset(number: offset), payload: entries[index].payload)
    }
}
