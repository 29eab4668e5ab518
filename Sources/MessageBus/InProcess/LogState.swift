import NIOCore

/// One log of the in-process broker.
///
/// A `ByteBuffer` has a storage of a power of two: 10.8 kB of parts take 16 KiB, and a minute of three renditions 5.4 MB
/// instead of 3.6. So what is no longer quite new is copied into slabs that are filled nearly to their end, and readers get
/// slices of those; a slab goes when its last entry does.
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
    /// The newest entries, which still are as they came.
    private var looseCount = 0
    private var looseBytes = 0

    /// A power of two, of which no more than one entry stays empty: about 2 s of media, so that little outlives its time.
    private static let slabBytes = 128 << 10

    init(options: LogOptions) {
        self.options = options
    }

    /// The offset that the next entry will have.
    var endOffset: UInt64 { firstOffset + UInt64(entries.count) }

    /// - Returns: nil if it is behind an entry of another log.
    func position(of start: LogStart) -> UInt64? {
        switch start {
        case .first: return firstOffset
        case .end: return endOffset
        case .after(let last):
            let position = last.offset.number
            guard position < endOffset else { return nil }
            guard position >= firstOffset else { return firstOffset }
            return entry(at: position) == last ? position + 1 : nil
        }
    }

    /// An entry arrives; false if it is larger than the whole log may be.
    mutating func append(_ payload: ByteBuffer, now: Duration) -> Bool {
        let size = payload.readableBytes + Self.entryOverheadBytes
        guard size <= options.maximumBytes else { return false }
        entries.append(Entry(payload: payload.compacted(), appended: now))
        bytes += size
        looseCount += 1
        looseBytes += payload.readableBytes
        removeOld(now: now)
        if looseBytes >= Self.slabBytes { pack() }
        return true
    }

    private mutating func removeOld(now: Duration) {
        // The newest entry always stays: it is no older than `now`, and by itself it fits.
        while let first = entries.first, bytes > options.maximumBytes || first.appended + options.minimumAge < now {
            bytes -= first.payload.readableBytes + Self.entryOverheadBytes
            if entries.count == looseCount {
                looseCount -= 1
                looseBytes -= first.payload.readableBytes
            }
            entries.removeFirst()
            firstOffset += 1
        }
    }

    /// Moves the oldest of the loose entries into a slab, unless they take no more room where they are.
    private mutating func pack() {
        let start = entries.count - looseCount
        var count = 0
        var sum = 0
        var capacity = 0
        while count < looseCount {
            let payload = entries[entries.index(entries.startIndex, offsetBy: start + count)].payload
            guard sum + payload.readableBytes <= Self.slabBytes || count == 0 else { break }
            count += 1
            sum += payload.readableBytes
            capacity += payload.storageCapacity
        }
        looseCount -= count
        looseBytes -= sum
        guard count > 1, capacity > Self.slabBytes else { return }
        var slab = ByteBufferAllocator().buffer(capacity: sum)
        for index in start..<(start + count) {
            slab.writeImmutableBuffer(entries[entries.index(entries.startIndex, offsetBy: index)].payload)
        }
        for index in start..<(start + count) {
            let place = entries.index(entries.startIndex, offsetBy: index)
            guard let slice = slab.readSlice(length: entries[place].payload.readableBytes) else { return }
            entries[place] = Entry(payload: slice, appended: entries[place].appended)
        }
    }

    /// The entry at this position, or the first one behind it that is kept; `nil` at the end.
    func entry(at position: UInt64) -> LogEntry? {
        let offset = max(position, firstOffset)
        guard offset < endOffset else { return nil }
        let index = entries.index(entries.startIndex, offsetBy: Int(offset - firstOffset))
        return LogEntry(offset: LogOffset(number: offset), payload: entries[index].payload)
    }
}
