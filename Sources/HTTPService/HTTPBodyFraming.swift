/// Where a request's body ends (RFC 9112 §6).
public enum HTTPBodyFraming: Sendable, Hashable {
    /// Neither `Content-Length` nor `Transfer-Encoding`: an ordinary request has no body then; an Icecast source
    /// sends one without end.
    case none
    /// `Content-Length`, in bytes.
    case length(Int)
    case chunked
}
