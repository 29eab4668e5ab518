/// The request methods that the server hands to its responders (RFC 9110 §9; `SOURCE` as Icecast's source
/// clients send it). A request with any other method token is answered with 501.
public enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case source = "SOURCE"
}

/// The protocol version of a request.
public enum HTTPVersion: String, Sendable, Hashable {
    case http10 = "HTTP/1.0"
    case http11 = "HTTP/1.1"
    /// What old Icecast and Shoutcast source clients write; it behaves as HTTP/1.0.
    case ice10 = "ICE/1.0"
}
