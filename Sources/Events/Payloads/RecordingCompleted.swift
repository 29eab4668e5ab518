/// The recording of a stream is complete in the store. Published by the Transcoder that wrote it;
/// aggregate `recording/STREAM_ID`.
public struct RecordingCompleted: Sendable, Hashable, EventPayload {
    public var streamID: String
    public var channelID: String
    /// The date of the recording's first sample.
    public var startedAt: Timestamp
    /// The length of what is kept, in samples of 48 kHz.
    public var durationSamples: Int64
    public var ladder: [LadderRendition]

    public init(
        streamID: String, channelID: String, startedAt: Timestamp, durationSamples: Int64, ladder: [LadderRendition]
    ) {
        self.streamID = streamID
        self.channelID = channelID
        self.startedAt = startedAt
        self.durationSamples = durationSamples
        self.ladder = ladder
    }

    init(_ fields: JSONFields) throws(EventError) {
        streamID = try fields.string("streamID")
        channelID = try fields.string("channelID")
        startedAt = try fields.timestamp("startedAt")
        durationSamples = try fields.integer("durationSamples")
        ladder = try LadderRendition.decode(try fields.array("ladder"))
    }

    var aggregate: String { "recording/\(streamID)" }

    var json: JSONValue {
        [
            "streamID": .string(streamID), "channelID": .string(channelID), "startedAt": startedAt.json,
            "durationSamples": .integer(durationSamples), "ladder": .array(ladder.map(\.json)),
        ]
    }
}
