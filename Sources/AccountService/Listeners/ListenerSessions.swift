/// The listeners whose players told this process that they play. One that was silent for 30 s, a report and a half,
/// is gone.
struct ListenerSessions {
    static let lifetime = Duration.seconds(30)
    static let maximumCount = 200_000

    private struct Session: Hashable {
        var channelID: String
        var name: String
    }

    private var lastSeen: [Session: ContinuousClock.Instant] = [:]

    /// The player of this session plays the channel.
    /// - Returns: whether it is counted; not if there are ``maximumCount`` others.
    mutating func seen(_ name: String, channelID: String, at now: ContinuousClock.Instant) -> Bool {
        let session = Session(channelID: channelID, name: name)
        guard lastSeen[session] != nil || lastSeen.count < Self.maximumCount else { return false }
        lastSeen[session] = now
        return true
    }

    /// Listeners by channel, of channels that have any.
    mutating func counts(at now: ContinuousClock.Instant) -> [String: Int] {
        lastSeen = lastSeen.filter { now - $0.value <= Self.lifetime }
        return lastSeen.keys.reduce(into: [:]) { $0[$1.channelID, default: 0] += 1 }
    }
}
