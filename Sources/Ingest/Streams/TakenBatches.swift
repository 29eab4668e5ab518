import AudioTimeline
import NIOCore

/// The last batches of a stream that the bus took, for the case that it loses them: about 30 s, which workers need to go
/// on without a hole. What they had already they know by its sequence number.
struct TakenBatches {
    /// About 30 s of batches.
    static let limit = 320

    private var batches = CircularBuffer<SourceBatch>()
    private var losses: UInt64?
    /// Where the last one began that was too old to be kept.
    private var forgotten: Int64?

    /// The bus has taken this one. Where it cannot lose anything nothing is kept.
    mutating func add(_ batch: SourceBatch) {
        guard losses != nil else { return }
        batches.append(batch)
        if batches.count > Self.limit { forgotten = batches.removeFirst().firstPosition ?? forgotten }
    }

    /// What the bus may have lost, oldest first; nil when it lost nothing since the last call. What came before that and
    /// is not remembered is silence: a worker knows where it is, and takes of it what it lacks.
    /// - Parameter losses: what the bus says now.
    mutating func lost(at losses: UInt64?) -> [SourceBatch]? {
        defer { self.losses = losses }
        guard let known = self.losses, let losses, losses != known, !batches.isEmpty else { return nil }
        defer { batches.removeAll() }
        if let forgotten, let start = batches[batches.startIndex].firstPosition, start > forgotten {
            batches[batches.startIndex].items.insert(.silence(start: forgotten, length: start - forgotten), at: 0)
        }
        return Array(batches)
    }
}

extension SourceBatch {
    /// Where the batch begins on the 48 kHz clock, with the silence that stands for others before it.
    var firstPosition: Int64? {
        for item in items {
            switch item {
            case .packet(let packet): return leg?.position(ofSample: packet.position)
            case .silence(let start, _): return start
            case .legEnd(let position), .nowPlaying(_, let position), .end(let position): return position
            }
        }
        return nil
    }
}
