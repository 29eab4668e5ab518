/// The pauses between attempts to reach what is away: 0.1 s, doubled each time, 5 s at most.
public struct Backoff: Sendable {
    private var following = Duration.milliseconds(100)

    public init() {}

    public mutating func next() -> Duration {
        defer { following = min(following * 2, .seconds(5)) }
        return following
    }
}
