/// The longest that a packet has been late over the last ten seconds, which is the longest wait between deliveries.
struct LatenessWindow: Sendable {
    private static let second: Int64 = 1_000_000_000
    private static let seconds = 10

    private var buckets: [(second: Int64, lateness: Int64)] = []

    private(set) var longest: Int64 = 0

    mutating func observe(lateness: Int64, arrival: Int64) {
        let second = arrival / Self.second
        if let last = buckets.last, last.second == second {
            guard lateness > last.lateness else { return }
            buckets[buckets.count - 1].lateness = lateness
        } else {
            buckets.append((second, lateness))
            buckets.removeAll { $0.second <= second - Int64(Self.seconds) }
        }
        longest = buckets.reduce(0) { max($0, $1.lateness) }
    }
}
