public import NIOCore

/// A request as responders see it: the head, and who asks.
public struct HTTPRequest: Sendable {
    public let head: HTTPRequestHead
    /// The other end of the connection; a proxy's address behind a proxy.
    public let peerAddress: IPAddress
    public let peerPort: Int
    /// The client, as far as trusted proxies tell; otherwise the peer.
    public let clientAddress: IPAddress
    /// The client came over TLS to a trusted proxy.
    public let isSecure: Bool
    private let forwardedHost: String?

    /// - Parameter proxies: nil or empty where the peer's own words about the client do not count.
    init(head: HTTPRequestHead, peerAddress: IPAddress, peerPort: Int, proxies: TrustedProxies?) {
        self.head = head
        self.peerAddress = peerAddress
        self.peerPort = peerPort
        if let proxies, head.traits.contains(.forwarded), proxies.contains(peerAddress) {
            let forwarded = ForwardedRequest(head, proxies: proxies)
            clientAddress = forwarded.client ?? peerAddress
            isSecure = forwarded.isSecure
            forwardedHost = forwarded.host
        } else {
            clientAddress = peerAddress
            isSecure = false
            forwardedHost = nil
        }
    }

    public var method: HTTPMethod { head.method }
    /// The path as it was sent, not decoded, without the query.
    public var path: String { head.path }
    /// The path as it was sent, as bytes: nothing is allocated.
    public var rawPath: ByteBufferView { head.rawPath }
    public func pathHasPrefix(_ prefix: String) -> Bool { head.pathHasPrefix(prefix) }

    /// The decoded segments of the path: `/hls/a%20b` → `["hls", "a b"]`, `/` → `[]`, `/a/` → `["a", ""]`. The
    /// server has already refused paths with broken escapes, dot segments or empty segments.
    public var pathSegments: [String] { PercentEncoding.pathSegments(head.rawPath) ?? [] }

    /// What follows the `?`, not decoded; nil where there is none.
    public var query: String? { head.query }
    /// The parameters of the query; empty where there is none.
    public var queryParameters: HTTPQuery { HTTPQuery(head.rawQuery ?? ByteBufferView()) }

    /// The first value of a field.
    /// - Parameter name: in lower case.
    public subscript(name: String) -> String? { head[name] }

    /// `http://host:port` as the client wrote it, for links; nil where the client named no host, or one that
    /// cannot stand in a URL.
    public var baseURL: String? { (forwardedHost ?? head.authority).flatMap { baseURL(host: $0) } }

    /// The same as a trusted proxy tells it; nil without one.
    public var forwardedBaseURL: String? { forwardedHost.flatMap { baseURL(host: $0) } }

    private func baseURL(host: String) -> String? {
        guard !host.isEmpty,
            host.utf8.allSatisfy({ byte in
                ASCII.isToken(byte) && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "&") || byte == ASCII.colon
                    || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
            })
        else { return nil }
        return (isSecure ? "https://" : "http://") + host
    }

    /// The token after `Bearer ` in `Authorization` (RFC 6750 §2.1).
    public var bearerToken: String? {
        guard let value = head["authorization"] else { return nil }
        let scheme = "bearer "
        guard value.utf8.count > scheme.utf8.count, value.prefix(scheme.utf8.count).lowercased() == scheme else {
            return nil
        }
        return String(value.dropFirst(scheme.utf8.count).drop { $0 == " " })
    }
}
