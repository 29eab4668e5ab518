import AudioTimeline
import Events
import Persistence

/// A stream's row: who has the lease, and in which epoch.
struct StreamRow: Sendable, Equatable {
    var id: String
    var channel: StreamKeyHolder
    var epoch: UInt32
    var ladder: String
    var startedAt: Timestamp
    var owner: String
    var leaseExpiresAt: Timestamp

    init(
        id: String, channel: StreamKeyHolder, epoch: UInt32, ladder: String, startedAt: Timestamp, owner: String,
        leaseExpiresAt: Timestamp
    ) {
        self.id = id
        self.channel = channel
        self.epoch = epoch
        self.ladder = ladder
        self.startedAt = startedAt
        self.owner = owner
        self.leaseExpiresAt = leaseExpiresAt
    }

    init(_ row: SQLRow) throws {
        id = try row["stream_id"]
        channel = StreamKeyHolder(keyID: "", channelID: try row["channel_id"], channelName: try row["channel_name"])
        epoch = UInt32(clamping: try row["epoch"] as Int64)
        ladder = try row["ladder"]
        startedAt = Timestamp(milliseconds: try row["started_at"])
        owner = try row["owner"]
        leaseExpiresAt = Timestamp(milliseconds: try row["lease_expires_at"])
    }

    static let columns = "stream_id, channel_id, channel_name, epoch, ladder, started_at, owner, lease_expires_at"
}

/// Reads and writes of the streams' rows.
struct StreamRows: Sendable {
    let database: any Database
    let owner: String
    let now: WallClock

    /// Streams that are not over.
    func live() async throws -> [StreamRow] {
        try await database.read { connection in
            try connection.query("SELECT \(StreamRow.columns) FROM streams WHERE ended_at IS NULL").map(StreamRow.init)
        }
    }

    /// Takes the channel's stream in a new epoch, or begins one.
    ///
    /// The compare-and-set is the transaction: whoever commits second sees the first's row.
    /// - Parameter id: the new stream's, if there is none to go on with.
    func acquire(_ channel: StreamKeyHolder, ladder: Ladder, id: String, lease: Duration) async throws -> StreamRow {
        let now = now()
        let expires = now.advanced(by: lease)
        return try await database.transaction { [owner] connection in
            let found = try connection.queryOne(
                "SELECT \(StreamRow.columns) FROM streams WHERE channel_id = ? AND ended_at IS NULL",
                [.text(channel.channelID)]
            ).map(StreamRow.init)
            if var row = found, row.ladder == ladder.text {
                row.epoch += 1
                row.owner = owner
                row.leaseExpiresAt = expires
                row.channel = channel
                try connection.execute(
                    "UPDATE streams SET epoch = ?, owner = ?, lease_expires_at = ? WHERE stream_id = ?",
                    [SQLValue(Int64(row.epoch)), .text(owner), SQLValue(expires.milliseconds), .text(row.id)])
                try Outbox.append(.streamChanged(row.state), at: now, to: connection)
                return row
            }
            if let old = found {
                // Renditions cannot change within a stream.
                try Self.end(old, at: now, in: connection)
            }
            let row = StreamRow(
                id: id, channel: channel, epoch: 1, ladder: ladder.text, startedAt: now, owner: owner,
                leaseExpiresAt: expires)
            try connection.execute(
                """
                INSERT INTO streams (stream_id, channel_id, channel_name, epoch, ladder, started_at, owner,
                    lease_expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(row.id), .text(channel.channelID), .text(channel.channelName), SQLValue(Int64(row.epoch)),
                    .text(row.ladder), SQLValue(now.milliseconds), .text(owner), SQLValue(expires.milliseconds),
                ])
            try Outbox.append(.streamStarted(row.state), at: now, to: connection)
            return row
        }
    }

    /// - Returns: whether the lease is still ours.
    func renew(_ stream: String, epoch: UInt32, lease: Duration) async throws -> Bool {
        let expires = now().advanced(by: lease).milliseconds
        return try await database.transaction { [owner] connection in
            try connection.execute(
                """
                UPDATE streams SET lease_expires_at = ?
                WHERE stream_id = ? AND epoch = ? AND owner = ? AND ended_at IS NULL
                """, [SQLValue(expires), .text(stream), SQLValue(Int64(epoch)), .text(owner)]) == 1
        }
    }

    func end(_ row: StreamRow) async throws {
        let now = now()
        try await database.transaction { connection in try Self.end(row, at: now, in: connection) }
    }

    func nowPlayingChanged(_ nowPlaying: NowPlaying, of row: StreamRow) async throws {
        let now = now()
        try await database.transaction { connection in
            try Outbox.append(
                .nowPlayingChanged(
                    NowPlayingChanged(
                        streamID: row.id, channelID: row.channel.channelID, title: nowPlaying.title,
                        artist: nowPlaying.artist.isEmpty ? nil : nowPlaying.artist, at: now)), at: now,
                to: connection)
        }
    }

    private static func end(_ row: StreamRow, at now: Timestamp, in connection: any SQLConnection) throws {
        let changed = try connection.execute(
            "UPDATE streams SET ended_at = ? WHERE stream_id = ? AND ended_at IS NULL",
            [SQLValue(now.milliseconds), .text(row.id)])
        guard changed == 1 else { return }
        try Outbox.append(
            .streamEnded(
                StreamEnded(
                    streamID: row.id, channelID: row.channel.channelID, endedAt: now,
                    recordingAvailable: try isRecorded(row.channel.channelID, in: connection))),
            at: now, to: connection)
    }

    /// Whether the channel's next stream is kept; of one that nothing is known of, it is.
    func isRecorded(_ channelID: String) async throws -> Bool {
        try await database.read { try Self.isRecorded(channelID, in: $0) }
    }

    private static func isRecorded(_ channelID: String, in connection: any SQLConnection) throws -> Bool {
        let row = try connection.queryOne(
            "SELECT recording FROM channels WHERE channel_id = ?", [.text(channelID)])
        let recording: Int64 = try row?["recording"] ?? 1
        return recording != 0
    }
}

extension StreamRow {
    var state: StreamState {
        let renditions = (try? Ladder(parsing: ladder))?.renditions ?? []
        return StreamState(
            streamID: id, channelID: channel.channelID, channelName: channel.channelName, epoch: Int64(epoch),
            startedAt: startedAt,
            ladder: renditions.map {
                LadderRendition(
                    name: $0.name, codec: $0.format.rawValue, bitRate: $0.bitRate == 0 ? nil : $0.bitRate)
            })
    }
}
