import AudioTimeline
import Events
import Persistence

/// Leases, by the database's clock alone: the clocks of the processes that compete for them may differ.
extension StreamRows {
    /// What became of a lease that could not be renewed.
    enum Loss: Sendable, Equatable {
        /// The stream is another process's, or was ended by one.
        case takenOver
        /// The database knows nothing of this epoch: it was restored from an older state.
        case forgotten
    }

    /// Renews the leases of all streams of this process in one statement.
    /// - Parameter held: the epochs in which this process has them, by stream.
    /// - Returns: those whose lease is not ours any more.
    func renew(_ held: [String: UInt32], lease: Duration) async throws -> [String: Loss] {
        // So that there are few statements to prepare, however many streams there are. Without any, the empty name asks
        // whether the database takes writes.
        var names = held.keys.sorted()
        while names.isEmpty || names.count & (names.count - 1) != 0 { names.append(names.last ?? "") }
        let places = names.map { _ in "?" }.joined(separator: ", ")
        return try await database.transaction { [owner, leaseClock, names] connection in
            let expires = try leaseClock(connection).advanced(by: lease).milliseconds
            let renewed = try connection.query(
                """
                UPDATE streams SET lease_expires_at = ? WHERE owner = ? AND ended_at IS NULL AND stream_id IN (\(places))
                RETURNING stream_id, epoch
                """, [SQLValue(expires), .text(owner)] + names.map { .text($0) })
            var lost = held
            for row in renewed {
                let (id, epoch): (String, Int64) = (try row["stream_id"], try row["epoch"])
                if let ours = lost[id], Int64(ours) == epoch { lost[id] = nil }
            }
            guard !lost.isEmpty else { return [:] }
            var found: [String: Int64] = [:]
            for row in try connection.query(
                "SELECT stream_id, epoch FROM streams WHERE stream_id IN (\(places))", names.map { .text($0) })
            {
                found[try row["stream_id"]] = try row["epoch"]
            }
            return lost.reduce(into: [:]) { losses, stream in
                let isKnown = found[stream.key].map { $0 >= Int64(stream.value) } ?? false
                losses[stream.key] = isKnown ? .takenOver : .forgotten
            }
        }
    }

    /// Streams whose lease ran out longer ago than the grace.
    func leftBehind(grace: Duration) async throws -> [StreamRow] {
        try await database.read { [leaseClock] connection in
            let limit = try leaseClock(connection).advanced(by: .zero - grace).milliseconds
            return try connection.query(
                "SELECT \(StreamRow.columns) FROM streams WHERE ended_at IS NULL AND lease_expires_at < ?",
                [SQLValue(limit)]
            ).map(StreamRow.init)
        }
    }

    /// Writes a stream again that the database has forgotten, or knows in an older epoch.
    /// - Returns: false where its channel has another stream on the air, or somebody has a newer epoch of it.
    func writeAgain(_ row: StreamRow, lease: Duration) async throws -> Bool {
        let now = now()
        return try await database.transaction { [owner, leaseClock] connection in
            try connection.lock("stream/\(row.channel.channelID)")
            let other = try connection.queryOne(
                "SELECT 1 AS found FROM streams WHERE channel_id = ? AND ended_at IS NULL AND stream_id <> ?",
                [.text(row.channel.channelID), .text(row.id)])
            guard other == nil else { return false }
            var row = row
            row.owner = owner
            row.leaseExpiresAt = try leaseClock(connection).advanced(by: lease)
            let changed = try connection.execute(
                """
                INSERT INTO streams (\(StreamRow.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (stream_id) DO UPDATE SET epoch = excluded.epoch, owner = excluded.owner,
                    lease_expires_at = excluded.lease_expires_at, ended_at = NULL
                    WHERE streams.epoch < excluded.epoch
                """, row.values)
            guard changed == 1 else { return false }
            try Outbox.append(.streamStarted(row.state), at: now, to: connection)
            return true
        }
    }
}
