import Foundation
import HTTPService

extension HTTPRequest {
    /// The stream key: the password of `Basic` (any user), or the token of `Bearer`.
    var streamKey: String? {
        if let token = bearerToken { return token }
        guard let value = self["authorization"] else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let data = Data(base64Encoded: String(parts[1]).trimmingCharacters(in: .whitespaces)),
            let pair = String(data: data, encoding: .utf8), let colon = pair.firstIndex(of: ":")
        else { return nil }
        return String(pair[pair.index(after: colon)...])
    }
}
