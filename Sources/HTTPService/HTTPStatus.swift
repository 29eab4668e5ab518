/// A status code with its reason phrase (RFC 9110 §15). The phrase can be chosen, because encoders such as
/// ffmpeg and liquidsoap show nothing else to their user.
public struct HTTPStatus: Sendable, Hashable {
    /// 100…599.
    public let code: Int
    /// ASCII without control characters; anything else is replaced by spaces when the head is written.
    public let reason: String

    public init(_ code: Int, reason: String) {
        self.code = code
        self.reason = reason
    }

    public static let `continue` = HTTPStatus(100, reason: "Continue")
    public static let switchingProtocols = HTTPStatus(101, reason: "Switching Protocols")
    public static let ok = HTTPStatus(200, reason: "OK")
    public static let created = HTTPStatus(201, reason: "Created")
    public static let accepted = HTTPStatus(202, reason: "Accepted")
    public static let noContent = HTTPStatus(204, reason: "No Content")
    public static let partialContent = HTTPStatus(206, reason: "Partial Content")
    public static let movedPermanently = HTTPStatus(301, reason: "Moved Permanently")
    public static let found = HTTPStatus(302, reason: "Found")
    public static let seeOther = HTTPStatus(303, reason: "See Other")
    public static let notModified = HTTPStatus(304, reason: "Not Modified")
    public static let temporaryRedirect = HTTPStatus(307, reason: "Temporary Redirect")
    public static let permanentRedirect = HTTPStatus(308, reason: "Permanent Redirect")
    public static let badRequest = HTTPStatus(400, reason: "Bad Request")
    public static let unauthorized = HTTPStatus(401, reason: "Unauthorized")
    public static let forbidden = HTTPStatus(403, reason: "Forbidden")
    public static let notFound = HTTPStatus(404, reason: "Not Found")
    public static let methodNotAllowed = HTTPStatus(405, reason: "Method Not Allowed")
    public static let requestTimeout = HTTPStatus(408, reason: "Request Timeout")
    public static let conflict = HTTPStatus(409, reason: "Conflict")
    public static let gone = HTTPStatus(410, reason: "Gone")
    public static let preconditionFailed = HTTPStatus(412, reason: "Precondition Failed")
    public static let contentTooLarge = HTTPStatus(413, reason: "Content Too Large")
    public static let unsupportedMediaType = HTTPStatus(415, reason: "Unsupported Media Type")
    public static let rangeNotSatisfiable = HTTPStatus(416, reason: "Range Not Satisfiable")
    public static let expectationFailed = HTTPStatus(417, reason: "Expectation Failed")
    public static let unprocessableContent = HTTPStatus(422, reason: "Unprocessable Content")
    public static let upgradeRequired = HTTPStatus(426, reason: "Upgrade Required")
    public static let tooManyRequests = HTTPStatus(429, reason: "Too Many Requests")
    public static let requestHeaderFieldsTooLarge = HTTPStatus(431, reason: "Request Header Fields Too Large")
    public static let internalServerError = HTTPStatus(500, reason: "Internal Server Error")
    public static let notImplemented = HTTPStatus(501, reason: "Not Implemented")
    public static let badGateway = HTTPStatus(502, reason: "Bad Gateway")
    public static let serviceUnavailable = HTTPStatus(503, reason: "Service Unavailable")
    public static let gatewayTimeout = HTTPStatus(504, reason: "Gateway Timeout")
    public static let versionNotSupported = HTTPStatus(505, reason: "HTTP Version Not Supported")

    /// Whether a response with this status never has a body (RFC 9112 §6.3).
    var forbidsBody: Bool {
        code < 200 || code == 204 || code == 304
    }
}
