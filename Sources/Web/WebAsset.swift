/// A file of the pages, ready to be sent.
public struct WebAsset: Sendable, Equatable {
    /// Path under which it is found, e.g. `/assets/deck.js`; for pages the pattern of their paths, e.g. `/CHANNEL`.
    public let path: String

    /// Value of `Content-Type`.
    public let contentType: String

    public let bytes: [UInt8]

    /// The path carries the version of the bytes: they never change, and may be cached for a year.
    public let immutable: Bool

    /// Strong entity tag with its quotes (RFC 9110 §8.8.3).
    public let etag: String

    /// Value of `Cache-Control`. Pages and paths without a version are checked by their entity tag each time.
    public var cacheControl: String {
        immutable ? "public, max-age=31536000, immutable" : "no-cache"
    }

    /// Whether an `If-None-Match` header names these bytes, so that 304 answers it (RFC 9110 §13.1.2).
    public func matches(ifNoneMatch header: String) -> Bool {
        header.split(separator: ",").contains { field in
            var tag = Substring(field.drop { $0 == " " })
            while tag.last == " " { tag.removeLast() }
            if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
            return tag == "*" || tag == etag
        }
    }
}
