import Events
import Persistence

extension AccountService {
    /// Makes a channel.
    /// - Parameters:
    ///   - name: 3 to 25 of `a–z`, `0–9` and `_`, not reserved; it stays the channel's for good.
    ///   - title: at most 140 characters.
    ///   - ownerID: the user who may change it; without one only administrators may.
    public func createChannel(name: String, title: String, ownerID: String? = nil) async throws -> Channel {
        try ChannelName.check(name)
        let title = try Self.checkedTitle(title)
        let owner = try ownerID.map(Self.userNumber)
        do {
            return try await write { connection, now in
                if let owner { try UserRow.requireUser(owner, in: connection) }
                let row = try connection.queryOne(
                    """
                    INSERT INTO channels (name, title, search_text, owner_id, created_at) VALUES (?, ?, ?, ?, ?)
                    RETURNING id
                    """,
                    [
                        .text(name), .text(title), .text(ChannelRow.searchText(name: name, title: title)),
                        SQLValue(owner), .integer(now.milliseconds),
                    ])
                guard let row else { throw SQLError(.unexpectedResult, "no id for a new channel") }
                return try Self.publishChannel(try row["id"], at: now, in: connection).channel
            }
        } catch let error as SQLError where error.code == .uniqueViolation {
            throw AccountError.channelNameTaken(name)
        }
    }

    /// Changes what is named, and nothing unless all of it can be.
    /// - Parameters:
    ///   - isRecorded: whether the channel's next streams are kept. One that is on the air stays what it is; recordings
    ///     that are there stay until their time is over.
    ///   - ownerName: the user whom the channel belongs to from now on.
    public func updateChannel(
        named name: String, title: String? = nil, isRecorded: Bool? = nil, ownerName: String? = nil, by user: Requester
    ) async throws -> Channel {
        let title = try title.map(Self.checkedTitle)
        return try await write { connection, now in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            if let title {
                try connection.execute(
                    "UPDATE channels SET title = ?, search_text = ? WHERE id = ?",
                    [.text(title), .text(ChannelRow.searchText(name: name, title: title)), .integer(channel.id)])
            }
            if let isRecorded {
                try connection.execute(
                    "UPDATE channels SET recording = ? WHERE id = ?", [SQLValue(isRecorded), .integer(channel.id)])
            }
            if let ownerName {
                guard let owner = try UserRow.named(ownerName, in: connection) else {
                    throw AccountError.unknownUser(ownerName)
                }
                try connection.execute(
                    "UPDATE channels SET owner_id = ? WHERE id = ?", [.integer(owner.id), .integer(channel.id)])
            }
            return try Self.publishChannel(channel.id, at: now, in: connection).channel
        }
    }

    /// Deletes the channel and revokes its stream keys. Its name stays taken, so that nobody can pretend to be it.
    public func deleteChannel(named name: String, by user: Requester) async throws {
        try await write { connection, now in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            for key in try StreamKeyRow.active(ofChannel: channel.id, at: now, in: connection) {
                try Self.revoke(key, at: now, in: connection)
            }
            try connection.execute(
                "UPDATE channels SET title = '', search_text = '', owner_id = NULL, deleted_at = ? WHERE id = ?",
                [.integer(now.milliseconds), .integer(channel.id)])
            try Outbox.redact(aggregate: channel.changed.aggregate, in: connection)
            try Self.publishChannel(channel.id, at: now, in: connection)
        }
    }

    /// The channel of this name, if there is one.
    public func channel(named name: String) async throws -> Channel? {
        do {
            return try await database.read { try ChannelRow.named(name, in: $0).channel }
        } catch AccountError.unknownChannel {
            return nil
        }
    }

    @discardableResult
    private static func publishChannel(
        _ id: Int64, at now: Timestamp, in connection: any SQLConnection
    ) throws -> ChannelRow {
        guard let channel = try ChannelRow.withID(id, in: connection) else {
            throw SQLError(.unexpectedResult, "a channel vanished while it was changed")
        }
        try Outbox.append(channel.changed, at: now, to: connection)
        return channel
    }

    private static func checkedTitle(_ title: String) throws(AccountError) -> String {
        guard let title = FreeText.checked(title, maximumCount: 140) else { throw .invalidTitle }
        return title
    }
}
