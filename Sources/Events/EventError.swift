/// Why bytes are no event, or an event of a known type is not what its version promises.
public enum EventError: Error, Sendable, Hashable {
    case malformed(JSONError)
    /// More than ``EventEnvelope/maximumSize`` bytes.
    case tooLarge
    case notAnObject
    case missingField(String)
    case wrongType(field: String)
}
