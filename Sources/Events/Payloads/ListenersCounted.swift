/// How many listeners one process sees, of all its channels; sent every 5 s. Aggregate `listeners/PROCESS`.
public struct ListenersCounted: Sendable, Hashable, EventPayload {
    /// Names the process among all others, for as long as it runs.
    public var process: String
    /// Listeners by channel id; a channel that is absent has none.
    public var counts: [String: Int]

    public init(process: String, counts: [String: Int]) {
        self.process = process
        self.counts = counts
    }

    init(_ fields: JSONFields) throws(EventError) {
        process = try fields.string("process")
        var counts: [String: Int] = [:]
        for member in try fields.object("counts") {
            guard case .integer(let integer) = member.value, let count = Int(exactly: integer), count >= 0 else {
                throw .wrongType(field: "counts")
            }
            counts[member.name] = count
        }
        self.counts = counts
    }

    var aggregate: String { "listeners/\(process)" }

    var json: JSONValue {
        let members = counts.sorted { $0.key < $1.key }.map { JSONMember($0.key, .integer(Int64($0.value))) }
        return ["process": .string(process), "counts": .object(members)]
    }
}
