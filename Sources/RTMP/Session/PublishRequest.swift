/// What the peer wants to publish, put together from `publish`, the application and the tcUrl.
public struct PublishRequest: Sendable, Hashable {
    /// The first part of the path, such as `live`.
    public var application: String
    /// The last part of the path, wherever the encoder split it, percent-decoded: a secret. May be empty.
    public var streamKey: String
    /// All queries: of the stream name first, then of the application, then of the tcUrl; percent-decoded.
    public var query: [QueryItem]

    public struct QueryItem: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    public init(application: String, streamKey: String, query: [QueryItem] = []) {
        self.application = application
        self.streamKey = streamKey
        self.query = query
    }
}

extension PublishRequest {
    /// Where keys stand in queries, as encoders with a field for a password write them.
    private static let keyNames: Set<String> = [
        "key", "streamkey", "stream_key", "stream-key", "pass", "password", "token", "secret",
    ]

    /// What may be the stream key, the likeliest first: the last part of the path, then values of the query.
    public var keys: [String] {
        ([streamKey] + query.filter { Self.keyNames.contains($0.name.lowercased()) }.map(\.value))
            .filter { !$0.isEmpty }
    }

    /// Encoders split `rtmp://host/a/b/c` as they like between application and stream name, and leave the query on any
    /// of the three; FFmpeg puts `mp4:` before names that end so.
    init(application: String, tcURL: String, streamName: String) {
        let name = PathAndQuery(streamName)
        let app = PathAndQuery(application)
        let url = PathAndQuery(urlPath: tcURL)
        query = (name.query + app.query + url.query).reduce(into: []) { items, item in
            if items.count < PathAndQuery.maximumItems, !items.contains(item) { items.append(item) }
        }
        let before = app.path.isEmpty ? url.path : app.path
        self.application = before.first ?? ""
        // Without a stream name the key is the last part of a longer application or address.
        let candidates = [name.path, Array(app.path.dropFirst()), Array(url.path.dropFirst())]
        streamKey = Self.withoutPrefix(candidates.lazy.compactMap(\.last).first ?? "")
    }

    private static func withoutPrefix(_ name: String) -> String {
        for prefix in ["mp4:", "flv:", "mp3:"] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }
}

extension PublishRequest: CustomStringConvertible {
    /// Without key and query, which are secrets.
    public var description: String {
        "publish to \(application.displayText(maximumCount: 64)), key of \(streamKey.utf8.count) bytes"
    }
}
