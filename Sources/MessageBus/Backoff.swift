/// The pauses between attempts to reach what is away: 0.1 s, doubled each time, 3 s at most. Most outages are restarts,
/// so they are short at first; and a little random, so that not all clients come at once.
public struct Backoff: Sendable {
    private var following = Duration.milliseconds(100)

    public init() {}

    public mutating func next() -> Duration {
        defer { following = min(following * 2, .seconds(3)) }
        return following * Double.random(in: 0.75...1)
    }
}
