import Foundation
import NIOCore

/// A page of `ListObjectsV2`, asked for with `encoding-type=url`, and the bodies of `DeleteObjects`.
struct S3Listing: Sendable, Equatable {
    var objects: [StoredObject] = []
    var prefixes: [String] = []
    /// Where to go on; nil on the last page.
    var continuation: String?

    enum Failure: Error { case unexpected }

    init(_ body: ByteBuffer) throws {
        let root = try XMLElement(parsing: body.readableBytesView)
        guard root.name == "ListBucketResult" else { throw Failure.unexpected }
        let isEncoded = root["EncodingType"] == "url"
        for element in root.all("Contents") {
            guard let key = Self.decode(element["Key"], isEncoded), let size = element["Size"].flatMap({ Int64($0) }),
                size >= 0
            else { throw Failure.unexpected }
            objects.append(
                StoredObject(
                    key: key, byteCount: size, modifiedAt: element["LastModified"].flatMap(ServiceDate.listing) ?? 0))
        }
        for element in root.all("CommonPrefixes") {
            guard let prefix = Self.decode(element["Prefix"], isEncoded) else { throw Failure.unexpected }
            prefixes.append(prefix)
        }
        if root["IsTruncated"] == "true" { continuation = root["NextContinuationToken"] }
    }

    private static func decode(_ text: String?, _ isEncoded: Bool) -> String? {
        guard let text else { return nil }
        return isEncoded ? text.replacing("+", with: " ").removingPercentEncoding : text
    }

    /// The body of a request to remove these, which need not be keys of ours.
    static func deletion(_ keys: [String]) -> String {
        let objects = keys.map { "<Object><Key>\(escaped($0))</Key></Object>" }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
            + "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\(objects)</Delete>"
    }

    struct NotDeleted: Error {
        var key: String
        var code: String
    }

    /// The answer is 200 also where objects could not be removed.
    static func checkDeletion(_ body: ByteBuffer) throws {
        // A quiet answer may be none at all.
        guard body.readableBytes > 0 else { return }
        let root = try XMLElement(parsing: body.readableBytesView)
        guard root.name == "DeleteResult" else { throw Failure.unexpected }
        guard let error = root.all("Error").first(where: { $0["Code"] != "NoSuchKey" }) else { return }
        throw NotDeleted(key: error["Key"] ?? "", code: error["Code"] ?? "")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
