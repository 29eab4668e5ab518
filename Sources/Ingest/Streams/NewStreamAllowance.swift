import Events
import Persistence

/// How many streams a channel may begin: each leaves a row, a log, a recording and work for a transcoder behind. An
/// encoder that comes back within the grace goes on with its stream and begins none.
///
/// Counted in the database, so that neither another process nor a restart gives more.
public struct NewStreamAllowance: Sendable {
    /// Streams that may begin within ``window``. A streamer who restarts an encoder every few seconds does not get there.
    public var count = 20
    public var window = Duration.seconds(100)

    public init() {}

    /// - Returns: nil when a stream may begin at `now`.
    func secondsUntilNext(_ channelID: String, at now: Timestamp, in connection: any SQLConnection) throws -> Int? {
        let row = try connection.queryOne(
            "SELECT started_at FROM streams WHERE channel_id = ? ORDER BY started_at DESC LIMIT 1 OFFSET ?",
            [.text(channelID), SQLValue(count - 1)])
        guard let startedAt: Int64 = try row?["started_at"] else { return nil }
        let wait = Timestamp(milliseconds: startedAt).advanced(by: window).milliseconds - now.milliseconds
        // A clock that was set back must not lock the channel.
        guard wait > 0, wait <= window.milliseconds else { return nil }
        return Int((wait + 999) / 1000)
    }
}
