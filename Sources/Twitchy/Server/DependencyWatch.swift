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
            for (role, database) in databases where writes.database(role).needsProbe(after: Self.quietDatabase) {
                await write(to: database, of: role, &prepared)
            }
            if let store, writes.store.needsProbe(after: Self.quietStore) {
                // Who watches it is told.
                try? await store.put(ByteBuffer(string: "ok\n"), at: "probe")
            }
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

/// What became of writes to the databases and the store of this process.
struct DependencyWrites: Sendable {
    let store: WriteHealth
    private let databases: [Role: WriteHealth]
    private let other: WriteHealth
    let logger: Logger

    init(_ roles: Set<Role>, health: HealthRegistry, logger: Logger) {
        self.logger = logger
        let usesStore = roles.contains(.transcoder) || roles.contains(.origin)
        // Live listening goes on without the store: recordings wait in the log.
        store = WriteHealth(usesStore ? health.register("store") : nil, isNeeded: false)
        var databases: [Role: WriteHealth] = [:]
        for role in roles where role.database != nil {
            databases[role] = WriteHealth(health.register("database.\(role.rawValue)"), isNeeded: role.needsDatabase)
        }
        self.databases = databases
        other = WriteHealth(nil, isNeeded: false)
    }

    func database(_ role: Role) -> WriteHealth { databases[role] ?? other }

    func watched(_ database: any Database, of role: Role, place: String) -> any Database {
        let health = self.database(role)
        return WatchedDatabase(database) { [logger] error in
            guard let error else {
                if health.succeeded() == .worksAgain {
                    logger.notice("The database takes writes again", metadata: ["database": "\(place)"])
                }
                return
            }
            let reason = error.code == .damaged ? Failure(database: error)?.description ?? error.message : error.message
            if health.failed(reason) == .fails {
                logger.error("The database fails", metadata: ["database": "\(place)", "reason": "\(reason)"])
            }
        }
    }

    func watched(_ store: any SegmentStore) -> any SegmentStore {
        let health = self.store
        // Whoever writes to it says so in the log.
        return WatchedStore(store) { error in
            if let error { health.failed("\(error)") } else { health.succeeded() }
        }
    }
}
