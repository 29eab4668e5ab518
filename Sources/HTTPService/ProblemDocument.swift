public import NIOCore

/// An error as clients can read it (RFC 9457).
public struct ProblemDocument: Sendable, Hashable {
    /// One field of a request that was not accepted.
    public struct FieldError: Sendable, Hashable {
        public let field: String
        public let detail: String

        public init(field: String, detail: String) {
            self.field = field
            self.detail = detail
        }
    }

    public let status: HTTPStatus
    /// A URI reference that names the kind of problem.
    public let type: String
    /// The kind of problem in a few words; the status' phrase where none is given.
    public let title: String
    /// What happened this time, and what the client can do.
    public let detail: String
    public let errors: [FieldError]

    public init(
        _ status: HTTPStatus, type: String = "about:blank", title: String? = nil, detail: String,
        errors: [FieldError] = []
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reason
        self.detail = detail
        self.errors = errors
    }

    /// The document as JSON.
    public var encoded: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeStaticString("{\"type\":")
        buffer.writeJSONString(type)
        buffer.writeStaticString(",\"title\":")
        buffer.writeJSONString(title)
        buffer.writeString(",\"status\":\(status.code),\"detail\":")
        buffer.writeJSONString(detail)
        if !errors.isEmpty {
            buffer.writeStaticString(",\"errors\":[")
            for (index, error) in errors.enumerated() {
                buffer.writeString(index == 0 ? "{\"field\":" : ",{\"field\":")
                buffer.writeJSONString(error.field)
                buffer.writeStaticString(",\"detail\":")
                buffer.writeJSONString(error.detail)
                buffer.writeStaticString("}")
            }
            buffer.writeStaticString("]")
        }
        buffer.writeStaticString("}")
        return buffer
    }
}

extension HTTPResponse {
    /// Problems can be read across origins: without that, a player in a browser sees status 0 and does not try
    /// again.
    public static func problem(
        _ problem: ProblemDocument, fields: [HTTPField] = [], closesConnection: Bool = false
    ) -> HTTPResponse {
        HTTPResponse(
            status: problem.status, contentType: "application/problem+json", fields: fields, body: problem.encoded,
            isCrossOrigin: true, closesConnection: closesConnection)
    }

    public static func problem(
        _ status: HTTPStatus, detail: String, errors: [ProblemDocument.FieldError] = [], fields: [HTTPField] = []
    ) -> HTTPResponse {
        problem(ProblemDocument(status, detail: detail, errors: errors), fields: fields)
    }

    /// A body of JSON; not to be stored by caches unless `fields` say otherwise.
    public static func json(_ body: ByteBuffer, status: HTTPStatus = .ok, fields: [HTTPField] = []) -> HTTPResponse {
        let caching = fields.contains { $0.name.lowercased() == "cache-control" }
        return HTTPResponse(
            status: status, contentType: "application/json",
            fields: caching ? fields : fields + [.cacheControl("no-store")], body: body, isCrossOrigin: true)
    }

    public static func text(_ text: String, status: HTTPStatus = .ok, fields: [HTTPField] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, contentType: "text/plain; charset=utf-8", fields: fields, body: ByteBuffer(string: text))
    }

    public static func redirect(to location: String, status: HTTPStatus = .seeOther) -> HTTPResponse {
        HTTPResponse(status: status, fields: [.location(location)])
    }
}

extension ByteBuffer {
    /// Writes a string with quotes and escapes (RFC 8259 §7).
    mutating func writeJSONString(_ text: String) {
        writeStaticString("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): writeStaticString("\\\"")
            case UInt8(ascii: "\\"): writeStaticString("\\\\")
            case 0x0A: writeStaticString("\\n")
            case 0x0D: writeStaticString("\\r")
            case 0x09: writeStaticString("\\t")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                writeString(digits.utf8.count == 1 ? "\\u000\(digits)" : "\\u00\(digits)")
            default: writeInteger(byte)
            }
        }
        writeStaticString("\"")
    }
}
