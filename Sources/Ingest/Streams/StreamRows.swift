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

    /// In the order of ``columns``.
    var values: [SQLValue] {
        [
            .text(id), .text(channel.channelID), .text(channel.channelName), SQLValue(Int64(epoch)), .text(ladder),
            SQLValue(startedAt.milliseconds), .text(owner), SQLValue(leaseExpiresAt.milliseconds),
        ]
    }

    static let columns = "stream_id, channel_id, channel_name, epoch, ladder, started_at, owner, lease_expires_at"
}

/// Reads and writes of the streams' rows.
struct StreamRows: Sendable {
    let database: any Database
    let owner: String
    let now: WallClock
    /// By which leases are taken and run out; the database's own.
    var leaseClock: @Sendable (any SQLConnection) throws -> Timestamp = { try $0.currentTime() }

    /// Takes the channel's stream in a new epoch, or begins one.
    ///
    /// The compare-and-set is the transaction: whoever comes second waits for the first and sees its row.
    /// - Parameter id: the new stream's, if there is none to go on with.
    /// - Throws: ``PushRefusal/tooManyStreams(retryAfter:)``.
    func acquire(
        _ channel: StreamKeyHolder, ladder: Ladder, id: String, lease: Duration,
        allowance: NewStreamAllowance = NewStreamAllowance()
    ) async throws -> StreamRow {
        let now = now()
        return try await database.transaction { [owner, leaseClock] connection in
            try connection.lock("stream/\(channel.channelID)")
            let expires = try leaseClock(connection).advanced(by: lease)
            let found = try connection.queryOne(
                "SELECT \(StreamRow.columns) FROM streams WHERE channel_id = ? AND ended_at IS NULL",
                [.text(channel.channelID)]
            ).map(StreamRow.init)
            if var row = found, row.ladder == ladder.text, row.epoch < .max {
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
            if let seconds = try allowance.secondsUntilNext(channel.channelID, at: now, in: connection) {
                throw PushRefusal.tooManyStreams(retryAfter: seconds)
            }
            let row = StreamRow(
                id: id, channel: channel, epoch: 1, ladder: ladder.text, startedAt: now, owner: owner,
                leaseExpiresAt: expires)
            try connection.execute(
                "INSERT INTO streams (\(StreamRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row.values)
            try Outbox.append(.streamStarted(row.state), at: now, to: connection)
            return row
        }
    }

    /// - Returns: the seconds until the channel may begin a stream; nil when it may, or goes on with one.
    func secondsUntilNewStream(ofChannel channelID: String, allowance: NewStreamAllowance) async throws -> Int? {
        let now = now()
        return try await database.read { connection in
            let live = try connection.queryOne(
                "SELECT 1 AS found FROM streams WHERE channel_id = ? AND ended_at IS NULL", [.text(channelID)])
            return live == nil ? try allowance.secondsUntilNext(channelID, at: now, in: connection) : nil
        }
    }

    /// Ends the stream if `row` still holds: nobody has ended it, or taken it in a newer epoch.
    ///
    /// - Returns: whether this call ended it.
    @discardableResult
    func end(_ row: StreamRow) async throws -> Bool {
        let now = now()
        return try await database.transaction { connection in try Self.end(row, at: now, in: connection) }
    }

    /// Whether the stream is over in this row's epoch, by its owner: a server may be lost behind the commit that ended it.
    func hasEnded(_ row: StreamRow) async throws -> Bool {
        try await database.read { connection in
            try connection.queryOne(
                """
                SELECT 1 AS found FROM streams
                WHERE stream_id = ? AND epoch = ? AND owner = ? AND ended_at IS NOT NULL
                """, [.text(row.id), SQLValue(Int64(row.epoch)), .text(row.owner)]) != nil
        }
    }

    /// Ends a stream that was left behind, as `row` was read, in one compare-and-set: an encoder that comes back in this
    /// moment either has the row before, which this then leaves alone, or finds it ended and begins another stream.
    ///
    /// - Returns: the row with which the end may be told to workers, in an epoch that only this process has; `nil` when
    ///   the stream is no longer left behind.
    func endLeftBehind(_ row: StreamRow) async throws -> StreamRow? {
        let now = now()
        return try await database.transaction { [owner] connection in
            var taken = row
            taken.epoch &+= 1
            taken.owner = owner
            let changed = try connection.execute(
                """
                UPDATE streams SET epoch = ?, owner = ?
                WHERE stream_id = ? AND epoch = ? AND owner = ? AND lease_expires_at = ? AND ended_at IS NULL
                """,
                [
                    SQLValue(Int64(taken.epoch)), .text(owner), .text(row.id), SQLValue(Int64(row.epoch)),
                    .text(row.owner), SQLValue(row.leaseExpiresAt.milliseconds),
                ])
            guard changed == 1, try Self.end(taken, at: now, in: connection) else { return nil }
            return taken
        }
    }

    /// Only what plays now is kept in the outbox: an encoder may change its title for days.
    func nowPlayingChanged(_ nowPlaying: NowPlaying, ofStream id: String, channelID: String) async throws {
        let now = now()
        try await database.transaction { connection in
            try Outbox.append(
                .nowPlayingChanged(
                    NowPlayingChanged(
                        streamID: id, channelID: channelID, title: nowPlaying.title,
                        artist: nowPlaying.artist.isEmpty ? nil : nowPlaying.artist, at: now)), at: now,
                replacingEarlier: true, to: connection)
        }
    }

    /// Puts the present state of every stream into the outbox again, those that are over included.
    /// - Returns: how many there are.
    @discardableResult
    static func replay(at now: Timestamp, in connection: any SQLConnection) throws -> Int {
        let rows = try connection.query("SELECT \(StreamRow.columns), ended_at FROM streams ORDER BY stream_id")
        for found in rows {
            let row = try StreamRow(found)
            let ended: Int64? = try found["ended_at"]
            let isRecorded = try isRecorded(row.channel.channelID, in: connection)
            try Outbox.append(
                ended.map { row.ended(at: Timestamp(milliseconds: $0), isRecorded: isRecorded) }
                    ?? .streamChanged(row.state), at: now,
                to: connection)
        }
        return rows.count
    }

    /// - Returns: whether it was not over, and `row`'s owner and epoch were the stream's.
    @discardableResult
    private static func end(_ row: StreamRow, at now: Timestamp, in connection: any SQLConnection) throws -> Bool {
        let changed = try connection.execute(
            "UPDATE streams SET ended_at = ? WHERE stream_id = ? AND epoch = ? AND owner = ? AND ended_at IS NULL",
            [SQLValue(now.milliseconds), .text(row.id), SQLValue(Int64(row.epoch)), .text(row.owner)])
        guard changed == 1 else { return false }
        try Outbox.append(
            row.ended(
                at: now, isRecorded: try isRecorded(row.channel.channelID, in: connection)), at: now, to: connection)
        return true
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
    fileprivate func ended(at moment: Timestamp, isRecorded: Bool) -> Event {
        .streamEnded(
            StreamEnded(streamID: id, channelID: channel.channelID, endedAt: moment, recordingAvailable: isRecorded))
    }

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
