/// What a stream plays since a moment. Published by Ingest; aggregate `nowPlaying/STREAM_ID`.
public struct NowPlayingChanged: Sendable, Hashable, EventPayload {
    public var streamID: String
    public var channelID: String
    /// Empty when the encoder cleared it.
    public var title: String
    public var artist: String?
    /// The date, on the stream's clock, of the first sample that it describes.
    public var at: Timestamp

    public init(streamID: String, channelID: String, title: String, artist: String?, at: Timestamp) {
        self.streamID = streamID
        self.channelID = channelID
        self.title = title
        self.artist = artist
        self.at = at
    }

    init(_ fields: JSONFields) throws(EventError) {
        streamID = try fields.string("streamID")
        channelID = try fields.string("channelID")
        title = try fields.string("title")
        artist = try fields.optionalString("artist")
        at = try fields.timestamp("at")
    }

    var aggregate: String { "nowPlaying/\(streamID)" }

    var json: JSONValue {
        [
            "streamID": .string(streamID), "channelID": .string(channelID), "title": .string(title),
            "artist": JSONValue(artist), "at": at.json,
        ]
    }
}
