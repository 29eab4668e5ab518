import Events
import Logging
import NIOCore
import Persistence
import SegmentStore
import Telemetry

/// Looks after what the process depends on, for `/readyz`: the last real write to each counts, and where nobody writes
/// it writes something itself.
struct DependencyWatch: Sendable {
    let databases: [(role: Role, database: any Database)]
    /// nil where no role has to do with it.
    let store: (any SegmentStore)?
    let writes: DependencyWrites
    let health: HealthRegistry

    private static let interval = Duration.seconds(5)
    private static let quietDatabase = Duration.seconds(15)
    /// A write costs a store more than a database.
    private static let quietStore = Duration.seconds(30)

    /// Looks until cancelled; then the process is not ready any more.
    func run() async {
        var prepared: Set<Role> = []
        while !Task.isCancelled {
            for (role, database) in databases where writes.database(role)?.needsProbe(after: Self.quietDatabase) == true
            {
                await write(to: database, of: role, &prepared)
            }
            if let store, writes.store.needsProbe(after: Self.quietStore) {
                // Who watches it is told.
                try? await store.put(ByteBuffer(string: "ok\n"), at: "probe")
            }
            writes.tick()
            try? await Task.sleep(for: Self.interval)
        }
        health.register("process").set(.failed(reason: "shutting down"))
    }

    /// Who watches the database is told what becomes of it.
    private func write(to database: any Database, of role: Role, _ prepared: inout Set<Role>) async {
        do {
            if !prepared.contains(role) { try await database.migrate([WriteProbe.schema]) }
            prepared.insert(role)
            try await database.transaction { try WriteProbe.write(Timestamp.systemClock().milliseconds, in: $0) }
        } catch {
            writes.logger.debug("Database not written to", metadata: ["role": "\(role)", "reason": "\(error)"])
        }
    }
}
