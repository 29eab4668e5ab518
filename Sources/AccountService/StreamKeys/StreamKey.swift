import Crypto
public import Events

/// A stream key: what an encoder shows to be let in. Only its SHA-256 is kept, so it can be shown only once.
public enum StreamKey {
    /// How many keys of a channel may be good at a time.
    static let maximumActiveCount = 50

    /// `NAME_` and 26 characters of `a–z`, `2–7`: 130 random bits, so that a plain hash cannot be searched.
    static func generate(
        channelName: String, using generator: inout some RandomNumberGenerator
    ) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        let secret = (0..<26).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return channelName + "_" + String(secret)
    }

    /// SHA-256 of the key's UTF-8, 64 hexadecimal digits in lower case.
    public static func sha256(of key: String) -> String {
        SHA256.hash(data: Array(key.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
    }
}

/// A key that was just made. The only time that it can be read.
public struct CreatedStreamKey: Sendable, Hashable {
    /// A decimal number.
    public let id: String
    public let label: String
    /// The key itself.
    public let streamKey: String
    public let expiresAt: Timestamp?
}

/// What is kept of a key.
public struct StreamKeySummary: Sendable, Hashable {
    public let id: String
    public let label: String
    public let createdAt: Timestamp
    public let expiresAt: Timestamp?
    public let revokedAt: Timestamp?
}
