import HTTPService

/// Listeners whose players are not ours, told apart by address and user agent: one that asked for no playlist for
/// 30 s is gone. Ours reports by beacon and says so with a header.
struct DirectListeners {
    static let lifetime = Duration.seconds(30)
    /// Further ones are not counted.
    static let maximumCount = 200_000

    private struct Listener: Hashable {
        var channel: String
        var address: IPAddress
        /// A hash: the text may be long, and two agents at one address that share it count as one.
        var userAgent: Int
    }

    private var lastSeen: [Listener: ContinuousClock.Instant] = [:]

    mutating func seen(
        _ address: IPAddress, userAgent: String, channel: String, at now: ContinuousClock.Instant
    ) {
        let listener = Listener(channel: channel, address: address, userAgent: userAgent.hashValue)
        guard lastSeen.count < Self.maximumCount || lastSeen[listener] != nil else { return }
        lastSeen[listener] = now
    }

    /// Listeners by channel name, of channels that have any.
    mutating func counts(at now: ContinuousClock.Instant) -> [String: Int] {
        lastSeen = lastSeen.filter { now - $0.value <= Self.lifetime }
        return lastSeen.keys.reduce(into: [:]) { $0[$1.channel, default: 0] += 1 }
    }
}
