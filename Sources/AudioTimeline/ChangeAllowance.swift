/// How often a source may change its configuration.
///
/// Each change is a leg: a batch with the whole set-up, a decoder and a resampler. Packets that are not heard (the first of
/// Vorbis, pre-skip) do not move the clock, so a peer that sends nothing else could begin legs without end, and holding it
/// to real time would not slow it down.
struct ChangeAllowance: Sendable {
    /// A playlist of short tracks that arrives ahead of its time.
    private static let burst: Int64 = 64
    /// Samples of the clock that earn another change.
    private static let samplesPerChange: Int64 = 6_000

    private var left = burst
    private var earnedUntil: Int64 = 0

    mutating func allows(at position: Int64) -> Bool {
        let earned = max(0, position - earnedUntil) / Self.samplesPerChange
        earnedUntil += earned * Self.samplesPerChange
        left = min(Self.burst, left + earned)
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
