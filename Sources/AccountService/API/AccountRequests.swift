/// The body of `POST /api/v1/channels`.
public struct CreateChannelRequest: Decodable, Sendable {
    public var name: String
    public var title: String?

    public init(name: String, title: String? = nil) {
        self.name = name
        self.title = title
    }
}

/// The body of `PATCH /api/v1/channels/NAME`. What is absent stays.
public struct UpdateChannelRequest: Decodable, Sendable {
    public var title: String?
    /// Whether the next streams are kept as recordings.
    public var recording: Bool?

    public init(title: String? = nil, recording: Bool? = nil) {
        self.title = title
        self.recording = recording
    }
}

/// The body of `POST /api/v1/channels/NAME/stream-key`.
public struct CreateStreamKeyRequest: Decodable, Sendable {
    public var label: String?

    public init(label: String? = nil) {
        self.label = label
    }
}

/// The query of `GET /api/v1/channels`.
public struct ChannelListRequest: Sendable {
    /// Only channels that are live, or only those that are not.
    public var live: Bool?
    /// What name or title has to contain, in any case; at most 100 characters.
    public var query: String?
    /// ``Page/nextCursor`` of the page before.
    public var cursor: String?
    /// 1 to 100 items; 50 unless given.
    public var limit: Int?

    public init(live: Bool? = nil, query: String? = nil, cursor: String? = nil, limit: Int? = nil) {
        self.live = live
        self.query = query
        self.cursor = cursor
        self.limit = limit
    }
}
