/// Why bytes are not the AMF values that they should be.
public enum AMFError: Error, Sendable, Hashable {
    case truncated
    case tooDeep(limit: Int)
    case tooManyValues(limit: Int)
    case stringTooLong(limit: Int)
    case unknownMarker(UInt8)
    /// AMF3 objects that only the class which wrote them can read.
    case externalizableObject
    /// An AMF3 reference to traits that were not sent.
    case danglingReference
    /// The message does not begin with a name, or holds another type where one is needed.
    case unexpectedType
}

extension AMFError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .truncated: "the message ends within a value."
        case .tooDeep(let limit): "objects are nested more than \(limit) deep."
        case .tooManyValues(let limit): "it holds more than \(limit) values."
        case .stringTooLong(let limit): "a string is longer than \(limit) bytes."
        case .unknownMarker(let marker): "a value has the unknown type \(marker)."
        case .externalizableObject: "it holds an object in a private format."
        case .danglingReference: "it refers to something that was not sent."
        case .unexpectedType: "a value has another type than the protocol wants there."
        }
    }
}
