import AudioTimeline

/// Lets one change of what plays through in two seconds, the last one told: each costs an event, an entry of the log
/// and one of the recording's index, and an encoder can tell thousands a second.
struct NowPlayingLimit: Sendable {
    /// Nanoseconds.
    static let interval: Int64 = 2_000_000_000

    /// What others know; `nil` when that is not known.
    private var published: NowPlaying?
    private var publishedAt: Int64?
    private var waiting: NowPlaying?

    /// - Parameter published: what others know at the start.
    init(published: NowPlaying?) { self.published = published }

    /// - Parameter now: nanoseconds of the monotonic clock.
    /// - Returns: what is to be published now, if anything.
    mutating func told(_ nowPlaying: NowPlaying, at now: Int64) -> NowPlaying? {
        waiting = nowPlaying == published ? nil : nowPlaying
        return due(at: now)
    }

    /// - Returns: what had to wait and is to be published now.
    mutating func due(at now: Int64) -> NowPlaying? {
        guard let wake, now >= wake else { return nil }
        return flush(at: now)
    }

    /// - Returns: what waits, whose time has not come: nothing more will.
    mutating func flush(at now: Int64) -> NowPlaying? {
        guard let next = waiting else { return nil }
        (waiting, published, publishedAt) = (nil, next, now)
        return next
    }

    /// When ``due(at:)`` has something; `nil` while nothing waits.
    var wake: Int64? {
        guard waiting != nil else { return nil }
        return publishedAt.map { $0 + Self.interval } ?? .min
    }
}
