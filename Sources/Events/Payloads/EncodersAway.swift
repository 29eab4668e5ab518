/// Streams of one process that go on with silence, since their encoder is away; sent when that changes, and every 5 s
/// while there are any. Aggregate `encoders/PROCESS`.
public struct EncodersAway: Sendable, Hashable, EventPayload {
    /// Names the process among all others, for as long as it runs.
    public var process: String
    public var streamIDs: [String]

    public init(process: String, streamIDs: [String]) {
        self.process = process
        self.streamIDs = streamIDs
    }

    init(_ fields: JSONFields) throws(EventError) {
        process = try fields.string("process")
        var streamIDs: [String] = []
        for element in try fields.array("streamIDs") {
            guard case .string(let id) = element else { throw .wrongType(field: "streamIDs") }
            streamIDs.append(id)
        }
        self.streamIDs = streamIDs
    }

    var aggregate: String { "encoders/\(process)" }

    var json: JSONValue {
        ["process": .string(process), "streamIDs": .array(streamIDs.map(JSONValue.string))]
    }
}
