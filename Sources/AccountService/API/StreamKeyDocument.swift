import Events

/// A stream key as `POST /api/v1/channels/NAME/stream-key` shows it, once.
public struct StreamKeyDocument: Encodable, Sendable, Hashable {
    public let id: String
    public let label: String
    public let streamKey: String
    /// RFC 3339; `null` for a key that is good until it is revoked.
    public let expiresAt: String?

    init(_ key: CreatedStreamKey) {
        id = key.id
        label = key.label
        streamKey = key.streamKey
        expiresAt = key.expiresAt?.rfc3339
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(label, forKey: .label)
        try container.encode(streamKey, forKey: .streamKey)
        try container.encode(expiresAt, forKey: .expiresAt)
    }

    private enum CodingKeys: String, CodingKey {
        case id, label, streamKey, expiresAt
    }
}
