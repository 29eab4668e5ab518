/// What an object's fields say, for a CDN or a player that reads the bucket itself.
struct S3Metadata: Sendable, Equatable {
    var contentType: String
    var cacheControl: String

    init(_ key: String) {
        if key.hasSuffix(".m4s") || key.hasSuffix(".mp4") {
            contentType = "audio/mp4"
            // A name never gets other bytes.
            cacheControl = "public, max-age=31536000, immutable"
        } else {
            contentType = key.hasSuffix(".json") ? "application/json" : "application/octet-stream"
            cacheControl = "no-cache"
        }
    }
}
