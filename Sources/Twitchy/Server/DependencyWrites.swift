import Logging
import Persistence
import SegmentStore
import Telemetry

/// What became of writes to the databases and the store of this process, and what it logs of outages, those of the bus
/// among them.
struct DependencyWrites: Sendable {
    private typealias Watched = (health: WriteHealth, outage: Outage)

    let store: WriteHealth
    let bus: Outage
    private let storeOutage: Outage
    private let databases: [Role: Watched]
    let logger: Logger

    /// - Parameter place: the file or the schema of a database, for people.
    init(_ roles: Set<Role>, health: HealthRegistry, logger: Logger, place: (String) -> String) {
        self.logger = logger
        let usesStore = roles.contains(.transcoder) || roles.contains(.origin)
        // Live listening goes on without the store: recordings wait in the log.
        store = WriteHealth(usesStore ? health.register("store") : nil, isNeeded: false)
        storeOutage = Outage("The store", logger: logger)
        bus = Outage("RabbitMQ", parts: "connections", logger: logger)
        var databases: [Role: Watched] = [:]
        for role in roles {
            guard let name = role.database else { continue }
            var logger = logger
            logger[metadataKey: "database"] = "\(place(name))"
            databases[role] = (
                WriteHealth(health.register("database.\(role.rawValue)"), isNeeded: role.needsDatabase),
                Outage("The database", level: .error, logger: logger)
            )
        }
        self.databases = databases
    }

    func database(_ role: Role) -> WriteHealth? { databases[role]?.health }

    /// Has the log say what is due.
    func tick() {
        for outage in [bus, storeOutage] + databases.values.map(\.outage) { outage.tick() }
    }

    func watched(_ database: any Database, of role: Role) -> any Database {
        guard let (health, outage) = databases[role] else { return database }
        return WatchedDatabase(database) { error in
            guard let error else {
                health.succeeded()
                return outage.worked()
            }
            let reason = error.code == .damaged ? Failure(database: error)?.description ?? error.message : error.message
            // Somebody may hold a lock for long: that alone does not take the process out of rotation.
            if error.code != .busy { health.failed(reason) }
            outage.failed(reason, kind: error.outageKind)
        }
    }

    func watched(_ store: any SegmentStore) -> any SegmentStore {
        let (health, outage) = (self.store, storeOutage)
        return WatchedStore(store) { error in
            if let error {
                health.failed("\(error)")
                outage.failed("\(error)", kind: (error as? SegmentStoreError)?.outageKind ?? "")
            } else {
                health.succeeded()
                outage.worked()
            }
        }
    }
}

extension SQLError {
    /// What somebody has to mend is told of also where it comes in the middle of an outage.
    fileprivate var outageKind: String { [.unavailable, .busy].contains(code) ? "" : "\(code)" }
}

extension SegmentStoreError {
    /// The same.
    fileprivate var outageKind: String {
        switch self {
        case .full: "full"
        case .refused: "refused"
        case .invalidKey, .failed, .busy, .damaged: ""
        }
    }
}
