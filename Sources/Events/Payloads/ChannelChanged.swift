/// The state of a channel. Published by AccountService; aggregate `channel/ID`.
public struct ChannelChanged: Sendable, Hashable, EventPayload {
    /// A decimal number.
    public var channelID: String
    public var name: String
    public var title: String
    /// The user's id, a decimal number; `nil` for a channel that only administrators hold.
    public var ownerID: String?
    /// Whether the channel is gone. Nothing but the id is to be kept then.
    public var deleted: Bool

    public init(channelID: String, name: String, title: String, ownerID: String?, deleted: Bool) {
        self.channelID = channelID
        self.name = name
        self.title = title
        self.ownerID = ownerID
        self.deleted = deleted
    }

    init(_ fields: JSONFields) throws(EventError) {
        channelID = try fields.string("channelID")
        name = try fields.string("name")
        title = try fields.string("title")
        ownerID = try fields.optionalString("ownerID")
        deleted = try fields.bool("deleted")
    }

    var aggregate: String { "channel/\(channelID)" }

    var json: JSONValue {
        [
            "channelID": .string(channelID), "name": .string(name), "title": .string(title),
            "ownerID": JSONValue(ownerID), "deleted": .bool(deleted),
        ]
    }
}
