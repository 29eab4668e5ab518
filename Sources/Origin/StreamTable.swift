/// Which stream is whose: every stream that is not over, and the newest of those that are.
///
/// A stream that is over never comes back and no id is used twice, so news may come late, twice and in any order.
struct StreamTable {
    /// Streams that are over and still known here. Those that ended first are forgotten first, whatever their ids.
    static let endedLimit = 1000
    /// Further ones are forgotten together, so that a stream that ends costs no sorting.
    private static let endedSlack = endedLimit / 4

    private struct Stream {
        var channelID: String
        /// Milliseconds since 1970; nil while the stream is not over.
        var endedAt: Int64?
    }

    /// By id; nil for a channel that was deleted.
    private var names: [String: String?] = [:]
    /// Ids of the channels of a name: one, but for the moment in which a name changes hands.
    private var channels: [String: Set<String>] = [:]
    private var streams: [String: Stream] = [:]
    /// By channel id.
    private var live: [String: Set<String>] = [:]
    private(set) var endedCount = 0

    /// - Parameter name: nil for a channel that was deleted.
    /// - Returns: whether it had another name before.
    @discardableResult
    mutating func setName(_ name: String?, ofChannel id: String) -> Bool {
        var isRenamed = false
        if let old = names[id] ?? nil, old != name {
            isRenamed = true
            channels[old]?.remove(id)
            if channels[old]?.isEmpty == true { channels[old] = nil }
        }
        names[id] = .some(name)
        if let name { channels[name, default: []].insert(id) }
        return isRenamed
    }

    /// What a stream says about its channel counts only until the channel is told of.
    mutating func suggestName(_ name: String, ofChannel id: String) {
        if names[id] == nil { setName(name, ofChannel: id) }
    }

    mutating func begin(_ stream: String, of channelID: String) {
        guard streams[stream] == nil else { return }
        streams[stream] = Stream(channelID: channelID)
        live[channelID, default: []].insert(stream)
    }

    /// - Parameter milliseconds: since 1970.
    mutating func end(_ stream: String, of channelID: String, at milliseconds: Int64) {
        let known = streams[stream]
        guard known?.endedAt == nil else { return }
        if let known {
            live[known.channelID]?.remove(stream)
            if live[known.channelID]?.isEmpty == true { live[known.channelID] = nil }
        }
        streams[stream] = Stream(channelID: known?.channelID ?? channelID, endedAt: milliseconds)
        endedCount += 1
        if endedCount > Self.endedLimit + Self.endedSlack { forgetEnded() }
    }

    private mutating func forgetEnded() {
        let ended = streams.compactMap { id, stream in stream.endedAt.map { (endedAt: $0, id: id) } }
        for stream in ended.sorted(by: >).dropFirst(Self.endedLimit) { streams[stream.id] = nil }
        endedCount = min(endedCount, Self.endedLimit)
    }

    /// The stream that is on the air at the channel of this name: the newest, as ids grow with time.
    func liveStream(ofChannel name: String) -> String? {
        channels[name]?.compactMap { live[$0]?.max() }.max()
    }

    func channelID(named name: String) -> String? {
        guard let ids = channels[name] else { return nil }
        return ids.max { (live[$0]?.max() ?? "", $0) < (live[$1]?.max() ?? "", $1) }
    }

    func belongs(_ stream: String, to channel: String) -> Bool {
        guard let found = streams[stream] else { return false }
        return names[found.channelID] == .some(channel)
    }

    /// Ids of the streams that are not over.
    var liveStreams: [String] { live.values.flatMap { $0 } }
}
