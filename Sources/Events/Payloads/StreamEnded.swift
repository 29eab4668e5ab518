/// A stream is over and does not come back. Published by Ingest; aggregate `stream/ID`.
public struct StreamEnded: Sendable, Hashable, EventPayload {
    public var streamID: String
    public var channelID: String
    public var endedAt: Timestamp
    /// Whether a recording is kept or will be.
    public var recordingAvailable: Bool

    public init(streamID: String, channelID: String, endedAt: Timestamp, recordingAvailable: Bool) {
        self.streamID = streamID
        self.channelID = channelID
        self.endedAt = endedAt
        self.recordingAvailable = recordingAvailable
    }

    init(_ fields: JSONFields) throws(EventError) {
        streamID = try fields.string("streamID")
        channelID = try fields.string("channelID")
        endedAt = try fields.timestamp("endedAt")
        recordingAvailable = try fields.bool("recordingAvailable")
    }

    var aggregate: String { "stream/\(streamID)" }

    var json: JSONValue {
        [
            "streamID": .string(streamID), "channelID": .string(channelID), "endedAt": endedAt.json,
            "recordingAvailable": .bool(recordingAvailable),
        ]
    }
}
