import AudioTimeline
import NIOCore

/// The last batches of a stream that the bus took, for the case that it loses them: about 30 s, which workers need to go
/// on without a hole. What they had already they know by its sequence number.
struct TakenBatches {
    /// About 30 s of batches.
    static let limit = 320

    private var batches = CircularBuffer<SourceBatch>()
    private var losses: UInt64?

    /// The bus has taken this one. Where it cannot lose anything nothing is kept.
    mutating func add(_ batch: SourceBatch) {
        guard losses != nil else { return }
        batches.append(batch)
        if batches.count > Self.limit { batches.removeFirst() }
    }

    /// What is to be sent again, oldest first; nil when nothing may have been lost since the last call.
    /// - Parameters:
    ///   - losses: what the bus says now.
    ///   - waiting: batches that wait to be sent; together they are not to be more than the limit.
    mutating func lost(at losses: UInt64?, besides waiting: Int) -> [SourceBatch]? {
        defer { self.losses = losses }
        guard let known = self.losses, let losses, losses != known, !batches.isEmpty else { return nil }
        defer { batches.removeAll() }
        return Array(batches.suffix(max(0, Self.limit - waiting)))
    }
}
