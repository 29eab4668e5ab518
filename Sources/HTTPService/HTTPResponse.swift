public import NIOCore

/// A response whose head is encoded once, when it is made, and whose body is shared by every connection that it
/// is written to. Keep it, and hand the same one to every listener: to answer costs one reference count.
///
/// What depends on the request is done centrally, while it is written: `HEAD`, `If-None-Match` (where there is
/// an entity tag), `Range` and `If-Range` (where ranges are allowed), the gzip variant (where there is one),
/// `Date` and `Connection`.
public struct HTTPResponse: Sendable {
    let storage: Storage

    /// - Parameters:
    ///   - fields: without `Content-Length`, `Content-Type`, `Date`, `Connection`, `ETag`, `Vary: Accept-Encoding`
    ///     and `Accept-Ranges`, which come from the other parameters.
    ///   - compressedBody: the body once more, with gzip, for clients that accept it.
    ///   - entityTag: an opaque string without quotes that changes with the body (RFC 9110 §8.8.3).
    ///   - allowsRanges: answers `Range` with 206 and 416; only for status 200.
    ///   - isCrossOrigin: lets scripts of any origin read it (`CrossOrigin`).
    ///   - closesConnection: ends the connection after this response.
    public init(
        status: HTTPStatus = .ok, contentType: String? = nil, fields: [HTTPField] = [],
        body: ByteBuffer = ByteBuffer(), compressedBody: ByteBuffer? = nil, entityTag: String? = nil,
        allowsRanges: Bool = false, isCrossOrigin: Bool = false, closesConnection: Bool = false
    ) {
        let allowsRanges = allowsRanges && status.code == 200
        var common = ByteBuffer()
        if let contentType { common.writeField("Content-Type", contentType) }
        // On everything, since everything could be taken for a page by a browser that guesses.
        common.writeStaticString("X-Content-Type-Options: nosniff\r\n")
        for field in fields { common.writeField(field.name, field.value) }
        if isCrossOrigin { common.writeStaticString(CrossOrigin.fieldLines) }
        if allowsRanges { common.writeStaticString("Accept-Ranges: bytes\r\n") }
        if compressedBody != nil { common.writeStaticString("Vary: Accept-Encoding\r\n") }
        storage = Storage(
            status: status,
            identity: Representation(
                status: status, common: common, encoding: nil, body: body, entityTag: entityTag.map { "\"\($0)\"" }),
            compressed: compressedBody.map {
                // Another representation needs another tag, otherwise a range of one could be joined to the other.
                Representation(
                    status: status, common: common, encoding: "gzip", body: $0,
                    entityTag: entityTag.map { "\"\($0)-gzip\"" })
            },
            allowsRanges: allowsRanges, closesConnection: closesConnection)
    }

    /// The same response with no reference count in common.
    init(copying other: HTTPResponse) {
        let storage = other.storage
        self.storage = Storage(
            status: storage.status, identity: Representation(copying: storage.identity),
            compressed: storage.compressed.map(Representation.init(copying:)), allowsRanges: storage.allowsRanges,
            closesConnection: storage.closesConnection)
    }

    public var status: HTTPStatus { storage.status }
    /// With quotes, of the body that is not compressed; nil where there is none.
    public var entityTag: String? { storage.identity.entityTag }
    /// Bytes that it holds, in all its forms.
    public var byteCount: Int {
        storage.identity.body.readableBytes + (storage.compressed?.body.readableBytes ?? 0)
    }
    /// The whole body, not compressed.
    public var body: ByteBuffer { storage.identity.body }

    /// Immutable, behind one reference: a response is passed around more often than it is made.
    final class Storage: Sendable {
        let status: HTTPStatus
        let identity: Representation
        let compressed: Representation?
        let allowsRanges: Bool
        let closesConnection: Bool
        /// The request's fields cannot change anything: the common case of the hot path.
        let isUnconditional: Bool

        init(
            status: HTTPStatus, identity: Representation, compressed: Representation?, allowsRanges: Bool,
            closesConnection: Bool
        ) {
            self.status = status
            self.identity = identity
            self.compressed = compressed
            self.allowsRanges = allowsRanges
            self.closesConnection = closesConnection
            isUnconditional = compressed == nil && !allowsRanges && identity.entityTag == nil
        }
    }

    /// One form of the body with the head that belongs to it.
    struct Representation: Sendable {
        /// Status line, fields and `Content-Length`, each with its line end; no empty line.
        let head: ByteBuffer
        /// The fields alone, for the heads of 206, 304 and 416.
        let fields: ByteBuffer
        let body: ByteBuffer
        /// With quotes.
        let entityTag: String?

        init(status: HTTPStatus, common: ByteBuffer, encoding: String?, body: ByteBuffer, entityTag: String?) {
            var fields = common
            if let encoding { fields.writeField("Content-Encoding", encoding) }
            if let entityTag { fields.writeField("ETag", entityTag) }
            var head = ByteBuffer()
            head.reserveCapacity(fields.readableBytes + 64)
            head.writeStatusLine(status)
            head.writeImmutableBuffer(fields)
            if !status.forbidsBody { head.writeContentLength(body.readableBytes) }
            self.head = head
            self.fields = fields
            self.body = status.forbidsBody ? ByteBuffer() : body
            self.entityTag = entityTag
        }

        init(copying other: Representation) {
            head = ByteBuffer(buffer: other.head)
            fields = ByteBuffer(buffer: other.fields)
            body = ByteBuffer(buffer: other.body)
            entityTag = other.entityTag.map { String(decoding: Array($0.utf8), as: UTF8.self) }
        }
    }
}

extension ByteBuffer {
    mutating func writeStatusLine(_ status: HTTPStatus) {
        writeStaticString("HTTP/1.1 ")
        writeString(String(min(max(status.code, 100), 999)))
        writeStaticString(" ")
        writeFieldText(status.reason)
        writeStaticString("\r\n")
    }

    mutating func writeContentLength(_ length: Int) {
        writeStaticString("Content-Length: ")
        writeString(String(length))
        writeStaticString("\r\n")
    }
}
