/// Which statements a connection has prepared, under which names; the one that was not used for longest goes first.
struct StatementCache {
    /// A statement is prepared anew for values of other types.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    struct Entry: Sendable {
        let name: String
    }

    private var entries: [Key: (entry: Entry, used: UInt64)] = [:]
    private var clock: UInt64 = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    mutating func find(_ key: Key) -> Entry? {
        guard let found = entries[key] else { return nil }
        clock += 1
        entries[key] = (found.entry, clock)
        return found.entry
    }

    /// A name that no statement of the connection has had.
    mutating func makeName() -> String {
        clock += 1
        return "s\(clock)"
    }

    /// - Returns: the name of the statement that has to go for it.
    mutating func insert(_ entry: Entry, for key: Key) -> String? {
        var evicted: String?
        if entries.count >= limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            entries[oldest.key] = nil
            evicted = oldest.value.entry.name
        }
        clock += 1
        entries[key] = (entry, clock)
        return evicted
    }

    mutating func removeAll() {
        entries = [:]
    }

    var count: Int { entries.count }
}
