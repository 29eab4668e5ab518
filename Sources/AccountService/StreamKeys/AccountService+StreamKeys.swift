import Events
import Persistence

extension AccountService {
    /// Makes a further key for the channel.
    /// - Parameter validity: how long it is good; `nil` until it is revoked.
    public func createKey(
        channelNamed name: String, label: String, validity: Duration? = nil, by user: Requester
    ) async throws -> CreatedStreamKey {
        let label = try Self.checkedLabel(label)
        if let validity, validity <= .zero { throw AccountError.expiryInThePast }
        return try await write { connection, now in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            let active = try StreamKeyRow.active(ofChannel: channel.id, at: now, in: connection)
            guard active.count < StreamKey.maximumActiveCount else { throw AccountError.tooManyStreamKeys }
            let expiresAt = validity.map(now.advanced(by:))
            return try Self.insertKey(of: channel, label: label, expiresAt: expiresAt, at: now, in: connection)
        }
    }

    /// Revokes every key of the channel, and makes one that takes their place.
    public func rotateKey(channelNamed name: String, by user: Requester) async throws -> CreatedStreamKey {
        try await write { connection, now in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            for key in try StreamKeyRow.active(ofChannel: channel.id, at: now, in: connection) {
                try Self.revoke(key, at: now, in: connection)
            }
            return try Self.insertKey(of: channel, label: "", expiresAt: nil, at: now, in: connection)
        }
    }

    /// Revokes one key; revoking it again changes nothing.
    public func revokeKey(id: String, channelNamed name: String, by user: Requester) async throws {
        try await write { connection, now in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            guard let number = Int64(id), let key = try StreamKeyRow.withID(number, in: connection),
                key.channelID == channel.id
            else { throw AccountError.unknownStreamKey(id) }
            guard key.revokedAt == nil else { return }
            try Self.revoke(key, at: now, in: connection)
        }
    }

    /// The channel's keys, oldest first, ended ones of the last 30 days too.
    public func keys(channelNamed name: String, by user: Requester) async throws -> [StreamKeySummary] {
        try await database.read { connection in
            let channel = try ChannelRow.named(name, in: connection)
            try user.requireOwner(of: channel)
            return try StreamKeyRow.ofChannel(channel.id, in: connection).map(\.summary)
        }
    }

    static func revoke(_ key: StreamKeyRow, at now: Timestamp, in connection: any SQLConnection) throws {
        try StreamKeyRow.setRevocation(now, of: key.id, in: connection)
        try publishKey(key.id, at: now, in: connection)
    }

    static func publishKey(_ id: Int64, at now: Timestamp, in connection: any SQLConnection) throws {
        guard let key = try StreamKeyRow.withID(id, in: connection) else {
            throw SQLError(.unexpectedResult, "a stream key vanished while it was changed")
        }
        try Outbox.append(key.changed, at: now, to: connection)
    }

    private static func insertKey(
        of channel: ChannelRow, label: String, expiresAt: Timestamp?, at now: Timestamp,
        in connection: any SQLConnection
    ) throws -> CreatedStreamKey {
        var generator = SystemRandomNumberGenerator()
        let key = StreamKey.generate(channelName: channel.name, using: &generator)
        let id = try StreamKeyRow.insert(
            sha256: StreamKey.sha256(of: key), label: label, expiresAt: expiresAt, channelID: channel.id, at: now,
            in: connection)
        try publishKey(id, at: now, in: connection)
        return CreatedStreamKey(id: String(id), label: label, streamKey: key, expiresAt: expiresAt)
    }

    private static func checkedLabel(_ label: String) throws(AccountError) -> String {
        guard let label = FreeText.checked(label, maximumCount: 60) else { throw .invalidLabel }
        return label
    }
}
