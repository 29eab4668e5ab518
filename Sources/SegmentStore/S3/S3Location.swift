import Foundation

/// Where a bucket is and how it is addressed, as in
/// `s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-central-1&path-style=true`.
///
/// * `endpoint`: without it Amazon's of the region, over TLS. `http://` is taken as it is written: whoever can read the
///   wire can then read the media, but not the secret key, which never travels.
/// * `region`: `us-east-1` unless named.
/// * `path-style`: whether the bucket is the first part of the path, and not of the host's name. True by default where
///   an endpoint is named, since few self-hosted stores have a wildcard certificate.
public struct S3Location: Sendable, Hashable {
    public var bucket: String
    /// What all keys begin with; empty, or ends with a slash.
    public var prefix: String
    /// `http` or `https`.
    public var scheme: String
    /// Host, and port where it is not the scheme's own; with the bucket's name in front unless ``isPathStyle``.
    public var authority: String
    public var region: String
    public var isPathStyle: Bool

    /// Why a text is no location; the description says what would be one.
    public struct Failure: Error, Hashable, CustomStringConvertible {
        public let description: String
    }

    public init(parsing text: String) throws(Failure) {
        guard let url = URLComponents(string: text), url.scheme?.lowercased() == "s3" else {
            throw Failure(description: "not of the form s3://BUCKET?endpoint=https://HOST&region=REGION")
        }
        guard url.user == nil, url.password == nil else {
            throw Failure(description: "credentials belong into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        }
        guard url.port == nil, url.fragment == nil, let bucket = url.host, Self.isBucketName(bucket) else {
            throw Failure(description: "s3:// is followed by the bucket's name: 3 to 63 of a-z, 0-9, - and .")
        }
        var options: [String: String] = [:]
        for item in url.queryItems ?? [] {
            guard ["endpoint", "region", "path-style"].contains(item.name), let value = item.value, !value.isEmpty
            else { throw Failure(description: "only endpoint=, region= and path-style= may follow the question mark") }
            options[item.name] = value
        }
        self.bucket = bucket
        prefix = try Self.prefix(url.path)
        region = options["region"] ?? "us-east-1"
        guard region.utf8.allSatisfy({ $0.isNameByte }) else {
            throw Failure(description: "region=\(region) is no name such as eu-central-1")
        }
        isPathStyle = try Self.flag(options["path-style"]) ?? (options["endpoint"] != nil || bucket.contains("."))
        let endpoint = try Self.endpoint(options["endpoint"] ?? "https://s3.\(region).amazonaws.com")
        scheme = endpoint.scheme
        authority = isPathStyle ? endpoint.authority : "\(bucket).\(endpoint.authority)"
    }

    /// The path of an object's URL, not encoded; that of the bucket itself for an empty key.
    func path(_ key: String) -> String {
        let object = key.isEmpty ? "" : prefix + key
        return isPathStyle ? "/\(bucket)" + (object.isEmpty ? "" : "/" + object) : "/" + object
    }

    private static func isBucketName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func prefix(_ path: String) throws(Failure) -> String {
        let components = path.split(separator: "/")
        guard components.allSatisfy({ !$0.hasPrefix(".") && $0.utf8.allSatisfy(\.isNameByte) }) else {
            throw Failure(description: "the prefix behind the bucket may have letters, digits, -, _, . and / only")
        }
        return components.map { $0 + "/" }.joined()
    }

    private static func flag(_ text: String?) throws(Failure) -> Bool? {
        switch text {
        case nil: nil
        case "true": true
        case "false": false
        default: throw Failure(description: "path-style= is true or false")
        }
    }

    private static func endpoint(_ text: String) throws(Failure) -> (scheme: String, authority: String) {
        guard let url = URLComponents(string: text), let host = url.host, !host.isEmpty,
            let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), ["", "/"].contains(url.path),
            url.query == nil, url.user == nil
        else { throw Failure(description: "endpoint= is an address such as https://s3.example.org") }
        // What a client sends as Host, and so what is signed: without the scheme's own port.
        let standard = scheme == "http" ? 80 : 443
        let port = url.port.map { $0 == standard ? "" : ":\($0)" } ?? ""
        return (scheme, host.lowercased() + port)
    }
}
