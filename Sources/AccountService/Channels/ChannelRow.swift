import Events
import Persistence

/// A row of `channels`.
struct ChannelRow: Sendable {
    let id: Int64
    let name: String
    let title: String
    let ownerID: Int64?
    let isRecorded: Bool
    let isDeleted: Bool

    private static let columns = "id, name, title, owner_id, recording, deleted_at"

    private init(_ row: SQLRow) throws {
        id = try row["id"]
        name = try row["name"]
        title = try row["title"]
        ownerID = try row["owner_id"]
        let recording: Int64 = try row["recording"]
        isRecorded = recording != 0
        let deletedAt: Int64? = try row["deleted_at"]
        isDeleted = deletedAt != nil
    }

    /// The channel of this name, unless it was deleted.
    static func named(_ name: String, in connection: any SQLConnection) throws -> ChannelRow {
        let row = try connection.queryOne(
            "SELECT \(columns) FROM channels WHERE name = ? AND deleted_at IS NULL", [.text(name)])
        guard let row else { throw AccountError.unknownChannel(name) }
        return try ChannelRow(row)
    }

    static func withID(_ id: Int64, in connection: any SQLConnection) throws -> ChannelRow? {
        try connection.queryOne("SELECT \(columns) FROM channels WHERE id = ?", [.integer(id)]).map(ChannelRow.init)
    }

    /// At most `limit` channels behind `id`, deleted ones too, in the order of their ids.
    static func after(_ id: Int64, limit: Int, in connection: any SQLConnection) throws -> [ChannelRow] {
        try connection.query(
            "SELECT \(columns) FROM channels WHERE id > ? ORDER BY id LIMIT ?", [.integer(id), SQLValue(limit)]
        ).map(ChannelRow.init)
    }

    var channel: Channel {
        Channel(id: String(id), name: name, title: title, ownerID: ownerID.map(String.init), isRecorded: isRecorded)
    }

    var changed: Event {
        .channelChanged(
            ChannelChanged(
                channelID: String(id), name: name, title: title, ownerID: ownerID.map(String.init),
                recording: isRecorded, deleted: isDeleted))
    }

    /// What `?q=` is looked for in. Lowered here, since databases differ in what they lower.
    static func searchText(name: String, title: String) -> String { name + " " + title.lowercased() }
}
