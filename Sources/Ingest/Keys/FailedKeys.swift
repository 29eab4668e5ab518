import HTTPService

/// Addresses from which pushes were refused: how long the next refusal waits, and what the log says of them.
///
/// Nobody guesses a key of 128 bits; this bounds what it costs to try, and the lines that an encoder with an old key
/// writes into the log in a night. Whoever has a good key never waits.
struct FailedKeys {
    /// A client: an address, of IPv6 the /64 that one subscriber has.
    struct Client: Hashable, CustomStringConvertible {
        let address: IPAddress

        init(_ address: IPAddress) {
            self.address = address.isV4 ? address : IPAddress(high: address.high, low: 0)
        }

        var description: String { address.isV4 ? "\(address)" : "\(address)/64" }
    }

    /// A line of the log: how often, and why last.
    struct Line: Equatable {
        var client: String
        var count: Int
        var reason: String
    }

    private struct Record {
        var count = 0
        var lastFailure: Int64
        /// When the minute of the lines began, and how many were said in it.
        var minute: Int64?
        var lines = 0
        var unsaid = 0
        var reason = ""
    }

    /// Clients that are remembered; beyond them the one whose failure is oldest is forgotten.
    static let capacity = 4_096
    /// The most lines about one client in a minute; what comes beyond them is counted for the next minute's.
    static let linesAMinute = 5
    private static let minute: Int64 = 60_000_000_000
    /// A failure is forgotten after this, in nanoseconds.
    private static let recovery: Int64 = 30_000_000_000
    /// Failures that cost nothing: a typing error, and a key that is pasted again.
    private static let free = 3
    private static let firstDelay = Duration.milliseconds(250)
    static let longestDelay = Duration.seconds(5)

    private var records: [Client: Record] = [:]

    var count: Int { records.count }

    /// How long a refusal of this client waits now.
    /// - Parameter now: nanoseconds of the monotonic clock.
    func delay(of client: Client, at now: Int64) -> Duration {
        guard let record = records[client] else { return .zero }
        let beyond = Self.count(record, at: now) - Self.free
        guard beyond >= 0 else { return .zero }
        return beyond > 8 ? Self.longestDelay : min(Self.longestDelay, Self.firstDelay * (1 << beyond))
    }

    /// - Returns: the line that is to be logged now; otherwise the refusal is counted for the next one.
    mutating func failed(_ client: Client, reason: String, at now: Int64) -> Line? {
        if records[client] == nil, records.count >= Self.capacity { forgetOldest() }
        var record = records[client] ?? Record(lastFailure: now)
        record.count = min(Self.count(record, at: now) + 1, 64)
        record.lastFailure = now
        record.unsaid += 1
        record.reason = reason
        defer { records[client] = record }
        return Self.line(of: client, &record, at: now)
    }

    /// - Returns: lines about refusals that were counted and whose minute is over. Forgets whoever failed long ago.
    mutating func lines(at now: Int64) -> [Line] {
        var lines: [Line] = []
        for (client, var record) in records {
            if let line = Self.line(of: client, &record, at: now) { lines.append(line) }
            let isOver = Self.count(record, at: now) == 0 && record.unsaid == 0
            records[client] = isOver ? nil : record
        }
        return lines
    }

    private static func line(of client: Client, _ record: inout Record, at now: Int64) -> Line? {
        guard record.unsaid > 0 else { return nil }
        if record.minute.map({ now - $0 >= minute }) ?? true { (record.minute, record.lines) = (now, 0) }
        guard record.lines < linesAMinute else { return nil }
        record.lines += 1
        defer { record.unsaid = 0 }
        return Line(client: "\(client)", count: record.unsaid, reason: record.reason)
    }

    private static func count(_ record: Record, at now: Int64) -> Int {
        max(0, record.count - Int((now - record.lastFailure) / recovery))
    }

    private mutating func forgetOldest() {
        if let oldest = records.min(by: { $0.value.lastFailure < $1.value.lastFailure }) { records[oldest.key] = nil }
    }
}
