/// The state of a stream that is live, in `stream.started` and `stream.changed`. Published by Ingest;
/// aggregate `stream/ID`.
public struct StreamState: Sendable, Hashable, EventPayload {
    /// Never used again for another stream.
    public var streamID: String
    public var channelID: String
    public var channelName: String
    /// The run of the clock that the stream is in.
    public var epoch: Int64
    /// The date of the stream's first sample.
    public var startedAt: Timestamp
    /// What listeners can choose from, in the order of the master playlist.
    public var ladder: [LadderRendition]

    public init(
        streamID: String, channelID: String, channelName: String, epoch: Int64, startedAt: Timestamp,
        ladder: [LadderRendition]
    ) {
        self.streamID = streamID
        self.channelID = channelID
        self.channelName = channelName
        self.epoch = epoch
        self.startedAt = startedAt
        self.ladder = ladder
    }

    init(_ fields: JSONFields) throws(EventError) {
        streamID = try fields.string("streamID")
        channelID = try fields.string("channelID")
        channelName = try fields.string("channelName")
        epoch = try fields.integer("epoch")
        startedAt = try fields.timestamp("startedAt")
        ladder = try LadderRendition.decode(try fields.array("ladder"))
    }

    var aggregate: String { "stream/\(streamID)" }

    var json: JSONValue {
        [
            "streamID": .string(streamID), "channelID": .string(channelID), "channelName": .string(channelName),
            "epoch": .integer(epoch), "startedAt": startedAt.json, "ladder": .array(ladder.map(\.json)),
        ]
    }
}
