import NIOCore

/// A request before it is signed.
struct S3Request: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    var method: Method
    /// Empty for the bucket itself.
    var key: String
    var query: [(name: String, value: String)] = []
    /// `host`, `x-amz-…` of the signature and `authorization` are added.
    var fields: [(name: String, value: String)] = []
    var body = ByteBuffer()
    /// The longest answer that is read.
    var responseLimit = 4 << 20
}

/// An answer, read to its end.
struct S3Response: Sendable {
    var status: Int
    var region: String?
    /// Seconds since 1970, as the service's clock says.
    var date: Int64?
    var body: ByteBuffer

    /// The code of an error's body, such as `NoSuchKey`.
    var errorCode: String? {
        guard status >= 300, body.readableBytes > 0 else { return nil }
        guard let error = try? XMLElement(parsing: body.readableBytesView), error.name == "Error" else { return nil }
        return error["Code"]
    }
}
