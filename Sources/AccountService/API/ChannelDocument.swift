import Events
import Persistence

/// A channel as `GET /api/v1/channels/NAME` and lists show it. Absent values are `null`, never left out.
public struct ChannelDocument: Encodable, Sendable, Hashable {
    public struct NowPlaying: Encodable, Sendable, Hashable {
        public let title: String
        public let artist: String?
        /// RFC 3339.
        public let at: String

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(title, forKey: .title)
            try container.encode(artist, forKey: .artist)
            try container.encode(at, forKey: .at)
        }

        private enum CodingKeys: String, CodingKey {
            case title, artist, at
        }
    }

    public let id: String
    public let name: String
    public let title: String
    public let live: Bool
    /// The stream goes on with silence, since its encoder is away.
    public let waiting: Bool
    public let listeners: Int
    /// RFC 3339; `nil` while the channel is offline, as are ``streamId`` and ``nowPlaying``.
    public let startedAt: String?
    public let streamId: String?
    public let nowPlaying: NowPlaying?
    /// The URL of the master playlist.
    public let hls: String

    init(_ row: ListedChannelRow, listeners: Int, isWaiting: Bool, publicURL: String) {
        id = String(row.id)
        name = row.name
        title = row.title
        live = row.streamID != nil
        waiting = isWaiting
        self.listeners = live ? listeners : 0
        startedAt = row.startedAt?.rfc3339
        streamId = row.streamID
        nowPlaying = row.nowPlaying
        hls = "\(publicURL)/hls/\(row.name)/master.m3u8"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(name, forKey: .name)
        try container.encode(title, forKey: .title)
        try container.encode(live, forKey: .live)
        try container.encode(waiting, forKey: .waiting)
        try container.encode(listeners, forKey: .listeners)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(streamId, forKey: .streamId)
        try container.encode(nowPlaying, forKey: .nowPlaying)
        try container.encode(hls, forKey: .hls)
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, title, live, waiting, listeners, startedAt, streamId, nowPlaying, hls
    }
}
