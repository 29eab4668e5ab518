/// Why a request's head cannot be accepted. The connection is closed after the answer, because the place where
/// the next request would begin is not known.
public enum HTTPHeadError: Error, Sendable, Hashable {
    /// More than 8 KiB, or more than 100 fields.
    case tooLarge
    /// The request line is not `METHOD target HTTP/1.x`.
    case malformedRequestLine
    /// A method that this server does not know.
    case unknownMethod
    /// A protocol other than HTTP/1.x and ICE/1.0.
    case unsupportedVersion
    /// The request target is neither a path, an absolute URL nor `*`.
    case malformedTarget
    /// A field line without a name, with white space around the name, or with control characters.
    case malformedField
    /// A field value that goes on in the next line (RFC 9112 §5.2).
    case foldedField
    /// `Host` is missing in HTTP/1.1, or there are two.
    case hostMissingOrRepeated
    /// `Content-Length` is not one decimal number, is repeated, or stands beside `Transfer-Encoding`
    /// (RFC 9112 §6.3: the way in which requests are smuggled).
    case ambiguousLength
    /// A transfer coding other than `chunked`.
    case unsupportedTransferCoding
    /// An `Expect` other than `100-continue`.
    case unsupportedExpectation

    /// The status that tells the client.
    public var status: HTTPStatus {
        switch self {
        case .tooLarge: .requestHeaderFieldsTooLarge
        case .unknownMethod, .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .versionNotSupported
        case .unsupportedExpectation: .expectationFailed
        default: .badRequest
        }
    }

    /// One sentence for the problem document.
    public var explanation: String {
        switch self {
        case .tooLarge: "The request's head is larger than 8 KiB or has more than 100 fields."
        case .malformedRequestLine: "The request line is not an HTTP request line."
        case .unknownMethod: "This server does not know the request's method."
        case .unsupportedVersion: "This server speaks HTTP/1.0 and HTTP/1.1."
        case .malformedTarget: "The request target must be a path, an absolute http URL or *."
        case .malformedField: "A header field is malformed."
        case .foldedField: "A header field must not go on in the next line."
        case .hostMissingOrRepeated: "The request needs exactly one Host field."
        case .ambiguousLength: "The length of the request's body is ambiguous."
        case .unsupportedTransferCoding: "The only transfer coding that this server understands is chunked."
        case .unsupportedExpectation: "The only expectation that this server understands is 100-continue."
        }
    }
}
