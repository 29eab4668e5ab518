/// Cuts the source into batches where a worker can complete a part, and halfway between, so that batching costs no
/// latency: about ten messages a second.
struct BatchCutter: Sendable {
    /// A part is complete when the encoder has seen 2048 samples beyond it, 32 more where a resampler sits before it.
    private static let lookAhead: Int64 = 2048 + 32
    private static let step = Timeline.slotSamples / 2

    private var nextCut: Int64 = step + lookAhead

    /// Whether the batch ends with what ends at `position`.
    mutating func cuts(at position: Int64) -> Bool {
        guard position >= nextCut else { return false }
        nextCut = (position - Self.lookAhead) / Self.step * Self.step + Self.step + Self.lookAhead
        return true
    }
}
