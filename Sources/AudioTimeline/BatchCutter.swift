/// Cuts the source into batches where a worker can complete a part, and halfway between, so that batching costs no
/// latency: about ten messages a second.
struct BatchCutter: Sendable {
    /// A part is complete when the encoder has seen so many samples beyond it.
    private static let encoderLookAhead: Int64 = 2048
    /// Samples of its own rate that a resampler holds back at least, up to 48 kHz.
    private static let resamplerLookAhead: Int64 = 16
    /// Samples beyond a part that the batch which completes it has begun with at most: encoder, and resampler from 8 kHz.
    static let longestLookAhead = encoderLookAhead + resamplerLookAhead * 6
    private static let step = Timeline.slotSamples / 2

    private var lookAhead = encoderLookAhead
    private var nextCut = step + encoderLookAhead

    /// From here on the source has this rate. Cutting later than needed would cost every part another packet's time.
    mutating func legBegan(sampleRate: Int) {
        let rate = Int64(sampleRate)
        let resampler =
            rate == Timeline.sampleRate
            ? 0 : (Self.resamplerLookAhead * Timeline.sampleRate + rate - 1) / min(rate, Timeline.sampleRate)
        nextCut += Self.encoderLookAhead + resampler - lookAhead
        lookAhead = Self.encoderLookAhead + resampler
    }

    /// Whether the batch ends with what ends at `position`.
    mutating func cuts(at position: Int64) -> Bool {
        guard position >= nextCut else { return false }
        nextCut = (position - lookAhead) / Self.step * Self.step + Self.step + lookAhead
        return true
    }
}
