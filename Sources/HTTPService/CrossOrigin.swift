/// Cross-origin access (Fetch §3.2) for what players on other sites may read: every origin, without credentials.
public enum CrossOrigin {
    /// `Age` and the others have to be exposed by name: a player takes a cached playlist for fresh without it.
    static let fieldLines: StaticString =
        "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Age, Date, Content-Length, Content-Range\r\n"
}

/// Answers the preflight requests (`OPTIONS`) of browsers for paths below a prefix.
public struct CrossOriginPreflight: HTTPResponder {
    private let prefix: String
    private let answer: HTTPAnswer

    /// - Parameters:
    ///   - prefix: of the path, as it is sent.
    ///   - methods: for `Access-Control-Allow-Methods`.
    ///   - fields: the request fields that scripts may set.
    public init(
        below prefix: String, methods: [HTTPMethod] = [.get, .head, .options],
        fields: [String] = ["Range", "Twitchy-Player", "Authorization", "Content-Type"]
    ) {
        self.prefix = prefix
        answer = .response(
            HTTPResponse(
                status: .noContent,
                fields: [
                    HTTPField("Access-Control-Allow-Methods", methods.map(\.rawValue).joined(separator: ", ")),
                    HTTPField("Access-Control-Allow-Headers", fields.joined(separator: ", ")),
                    HTTPField("Access-Control-Max-Age", "86400"),
                ], isCrossOrigin: true))
    }

    public func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
        request.method == .options && request.pathHasPrefix(prefix) ? answer : .pass
    }
}
