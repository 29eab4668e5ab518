import Crypto
import Foundation
import Telemetry

/// AWS Signature Version 4 for header authorization: a request's canonical form, and its `Authorization` field.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
struct SignatureV4: Sendable {
    /// What is signed of a request.
    struct Request: Sendable {
        var method: String
        /// Not percent-encoded.
        var path: String
        /// Names and values, not percent-encoded.
        var query: [(name: String, value: String)] = []
        /// All are signed; `host` and `x-amz-date` must be among them.
        var fields: [(name: String, value: String)]
        /// SHA-256 of the body in lower-case hexadecimal digits.
        var bodyHash: String
    }

    let credentials: S3Credentials
    let region: String
    var service = "s3"

    func authorization(_ request: Request, at time: SigningTime) -> String {
        let scope = "\(time.day)/\(region)/\(service)/aws4_request"
        let canonical = Self.hexadecimal(SHA256.hash(data: Data(Self.canonical(request).utf8)))
        let signed = "AWS4-HMAC-SHA256\n\(time.text)\n\(scope)\n\(canonical)"
        let signature = Self.hexadecimal(Self.authenticate(signed, key(on: time.day)))
        return "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(Self.signedNames(request)), Signature=\(signature)"
    }

    private func key(on day: Substring) -> SymmetricKey {
        let secret = SymmetricKey(data: Data("AWS4\(credentials.secretAccessKey.secret)".utf8))
        return [String(day), region, service, "aws4_request"].reduce(secret) { key, part in
            SymmetricKey(data: Data(Self.authenticate(part, key)))
        }
    }

    private static func authenticate(_ text: String, _ key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
    }

    static func canonical(_ request: Request) -> String {
        let lines = sorted(request).map { "\($0.name):\($0.value)\n" }.joined()
        return """
            \(request.method)
            \(encodedPath(request.path))
            \(encodedQuery(request.query))
            \(lines)
            \(signedNames(request))
            \(request.bodyHash)
            """
    }

    private static func signedNames(_ request: Request) -> String {
        sorted(request).map(\.name).joined(separator: ";")
    }

    private static func sorted(_ request: Request) -> [(name: String, value: String)] {
        request.fields.map { (name: $0.name.lowercased(), value: trimmed($0.value)) }.sorted { $0.name < $1.name }
    }

    /// Without spaces at the ends, and with one where there were several.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    /// S3 takes paths as they are: nothing is normalized, and each byte is encoded once.
    static func encodedPath(_ path: String) -> String { encode(path, keepsSlashes: true) }

    /// Sorted by encoded name, as it is signed and as it is sent.
    static func encodedQuery(_ query: [(name: String, value: String)]) -> String {
        let encoded: [(name: String, value: String)] = query.map { item in
            (encode(item.name, keepsSlashes: false), encode(item.value, keepsSlashes: false))
        }
        let sorted = encoded.sorted { first, second in
            first.name == second.name ? first.value < second.value : first.name < second.name
        }
        return sorted.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    private static func encode(_ text: String, keepsSlashes: Bool) -> String {
        var encoded = ""
        for byte in text.utf8 {
            if byte.isNameByte || byte == UInt8(ascii: "~") || (keepsSlashes && byte == UInt8(ascii: "/")) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + hexadecimal(CollectionOfOne(byte)).uppercased()
            }
        }
        return encoded
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var text = String.UnicodeScalarView()
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(text)
    }
}
