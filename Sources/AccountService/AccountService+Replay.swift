import Events
import Persistence

extension AccountService {
    private static let replayBatchCount = 500

    /// Publishes the present state of every channel and stream key again, which rebuilds any projection of them.
    /// - Returns: how many events were put into the outbox.
    @discardableResult
    public func replay() async throws -> Int {
        try await write { try Self.replay(at: $1, in: $0) }
    }

    /// Has `owner`, a service or this one, publish the present state of everything that it owns again.
    public func requestReplay(of owner: String) async throws {
        try await write { connection, now in
            _ = try Outbox.append(.replayRequested(ReplayRequested(owner: owner)), at: now, to: connection)
        }
    }

    @discardableResult
    static func replay(at now: Timestamp, in connection: any SQLConnection) throws -> Int {
        let channels = try replayEach(at: now, in: connection) {
            try ChannelRow.after($0, limit: $1, in: connection).map { ($0.id, $0.changed) }
        }
        let keys = try replayEach(at: now, in: connection) {
            try StreamKeyRow.after($0, limit: $1, in: connection).map { ($0.id, $0.changed) }
        }
        return channels + keys
    }

    private static func replayEach(
        at now: Timestamp, in connection: any SQLConnection, _ rowsAfter: (Int64, Int) throws -> [(Int64, Event)]
    ) throws -> Int {
        var last = Int64.min
        var replayed = 0
        while true {
            let rows = try rowsAfter(last, replayBatchCount)
            guard let end = rows.last else { return replayed }
            for (_, event) in rows {
                try Outbox.append(event, at: now, to: connection)
            }
            last = end.0
            replayed += rows.count
        }
    }
}
