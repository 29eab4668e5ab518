/// A service whose projection may lack something asks an owner to publish the present state of every aggregate again.
/// Aggregate `replay/OWNER`.
public struct ReplayRequested: Sendable, Hashable, EventPayload {
    /// The service that is to replay, e.g. `accounts`.
    public var owner: String

    public init(owner: String) {
        self.owner = owner
    }

    init(_ fields: JSONFields) throws(EventError) {
        owner = try fields.string("owner")
    }

    var aggregate: String { "replay/\(owner)" }

    var json: JSONValue { ["owner": .string(owner)] }
}
