/// The state of a channel. Published by AccountService; aggregate `channel/ID`.
public struct ChannelChanged: Sendable, Hashable, EventPayload {
    /// A decimal number.
    public var channelID: String
    public var name: String
    public var title: String
    /// The user's id, a decimal number; `nil` for a channel that only administrators hold.
    public var ownerID: String?
    /// Whether its next streams are kept as recordings. Services before this field said nothing of it, and kept all.
    public var recording: Bool
    /// Whether the channel is gone. Nothing but the id is to be kept then.
    public var deleted: Bool

    public init(
        channelID: String, name: String, title: String, ownerID: String?, recording: Bool = true, deleted: Bool
    ) {
        self.channelID = channelID
        self.name = name
        self.title = title
        self.ownerID = ownerID
        self.recording = recording
        self.deleted = deleted
    }

    init(_ fields: JSONFields) throws(EventError) {
        channelID = try fields.string("channelID")
        name = try fields.string("name")
        title = try fields.string("title")
        ownerID = try fields.optionalString("ownerID")
        recording = try fields.optionalBool("recording") ?? true
        deleted = try fields.bool("deleted")
    }

    var aggregate: String { "channel/\(channelID)" }

    var json: JSONValue {
        [
            "channelID": .string(channelID), "name": .string(name), "title": .string(title),
            "ownerID": JSONValue(ownerID), "recording": .bool(recording), "deleted": .bool(deleted),
        ]
    }
}
