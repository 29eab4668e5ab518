/// The recording of a stream is gone from the store, or about to go. Published by the Transcoder;
/// aggregate `recording/STREAM_ID`.
public struct RecordingDeleted: Sendable, Hashable, EventPayload {
    public var streamID: String
    public var channelID: String

    public init(streamID: String, channelID: String) {
        self.streamID = streamID
        self.channelID = channelID
    }

    init(_ fields: JSONFields) throws(EventError) {
        streamID = try fields.string("streamID")
        channelID = try fields.string("channelID")
    }

    var aggregate: String { "recording/\(streamID)" }

    var json: JSONValue { ["streamID": .string(streamID), "channelID": .string(channelID)] }
}
