public import HTTPService

/// Which pages may open a WebSocket. Browsers let every page try, and send cookies; the server has to look at
/// `Origin` (RFC 6455 §10.2).
public struct WebSocketOriginPolicy: Sendable, Hashable {
    /// Origins besides the server's own, as `https://example.org`.
    public let allowedOrigins: Set<String>
    /// Every origin may: for what is public and needs no cookie.
    public let allowsAny: Bool

    private init(allowedOrigins: Set<String>, allowsAny: Bool) {
        self.allowedOrigins = allowedOrigins
        self.allowsAny = allowsAny
    }

    public static let any = WebSocketOriginPolicy(allowedOrigins: [], allowsAny: true)

    /// Pages of this server and of the named origins. Clients that are no browsers send no origin, and may.
    public static func same(or origins: some Sequence<String> = EmptyCollection()) -> WebSocketOriginPolicy {
        WebSocketOriginPolicy(allowedOrigins: Set(origins.map { $0.lowercased() }), allowsAny: false)
    }

    public func allows(_ request: HTTPRequest) -> Bool {
        if allowsAny { return true }
        guard let origin = request["origin"]?.lowercased() else { return true }
        if allowedOrigins.contains(origin) { return true }
        // The scheme is left out: a proxy that ends TLS does not always say so.
        guard let own = request.baseURL, let ownHost = Self.host(own), let host = Self.host(origin) else {
            return false
        }
        return host == ownHost
    }

    /// Host and port of an origin, without the scheme's own port.
    private static func host(_ origin: String) -> String? {
        let lowercased = origin.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where lowercased.hasPrefix(scheme) {
            let host = lowercased.dropFirst(scheme.count)
            return String(host.hasSuffix(port) ? host.dropLast(port.count) : host)
        }
        return nil
    }
}
