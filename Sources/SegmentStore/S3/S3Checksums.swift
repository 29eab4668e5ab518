import Crypto
import Foundation
import NIOCore
import NIOFoundationCompat

/// What protects a request's body on its way.
extension SignatureV4 {
    /// SHA-256 in lower-case hexadecimal digits: part of the signature, and checked by the service.
    static func bodyHash(_ body: ByteBuffer) -> String {
        hexadecimal(SHA256.hash(data: body.readableBytesView))
    }

    /// Content-MD5, which deletions must have. RFC 1864.
    static func contentMD5(_ body: ByteBuffer) -> String {
        Data(Insecure.MD5.hash(data: body.readableBytesView)).base64EncodedString()
    }
}
