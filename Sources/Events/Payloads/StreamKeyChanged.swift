/// The state of a stream key, by its hash. Published by AccountService; aggregate `streamKey/ID`.
public struct StreamKeyChanged: Sendable, Hashable, EventPayload {
    /// A decimal number.
    public var keyID: String
    public var channelID: String
    public var channelName: String
    /// SHA-256 of the key's UTF-8, 64 hexadecimal digits in lower case.
    public var sha256: String
    public var label: String
    /// From then on the key is refused; `nil` if it does not expire.
    public var expiresAt: Timestamp?
    /// Since then the key is refused and its sessions are closed; `nil` while it is good.
    public var revokedAt: Timestamp?

    public init(
        keyID: String, channelID: String, channelName: String, sha256: String, label: String,
        expiresAt: Timestamp?, revokedAt: Timestamp?
    ) {
        self.keyID = keyID
        self.channelID = channelID
        self.channelName = channelName
        self.sha256 = sha256
        self.label = label
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
    }

    init(_ fields: JSONFields) throws(EventError) {
        keyID = try fields.string("keyID")
        channelID = try fields.string("channelID")
        channelName = try fields.string("channelName")
        sha256 = try fields.string("sha256")
        label = try fields.string("label")
        expiresAt = try fields.optionalTimestamp("expiresAt")
        revokedAt = try fields.optionalTimestamp("revokedAt")
    }

    var aggregate: String { "streamKey/\(keyID)" }

    var json: JSONValue {
        [
            "keyID": .string(keyID), "channelID": .string(channelID), "channelName": .string(channelName),
            "sha256": .string(sha256), "label": .string(label), "expiresAt": JSONValue(expiresAt),
            "revokedAt": JSONValue(revokedAt),
        ]
    }
}
