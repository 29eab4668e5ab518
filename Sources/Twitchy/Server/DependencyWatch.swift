import NIOCore
import Persistence
import SegmentStore
import Telemetry

/// Looks after what the process depends on, for `/readyz`.
struct DependencyWatch: Sendable {
    let databases: [(role: Role, database: any Database)]
    /// nil where no role has to do with it.
    let store: (any SegmentStore)?
    let health: HealthRegistry

    private static let interval = Duration.seconds(5)
    /// The store is written to for it, which costs a disk more than a query.
    private static let roundsBetweenWrites = 6

    /// Looks until cancelled; then the process is not ready any more.
    func run() async {
        var round = 0
        while !Task.isCancelled {
            for (role, database) in databases {
                let check = health.register("database.\(role.rawValue)")
                do {
                    _ = try await database.read { try $0.query("SELECT 1") }
                    check.set(.ok)
                } catch {
                    check.set(role.needsDatabase ? .failed(reason: "\(error)") : .degraded(reason: "\(error)"))
                }
            }
            if round % Self.roundsBetweenWrites == 0 { await writeToStore() }
            round += 1
            try? await Task.sleep(for: Self.interval)
        }
        health.register("process").set(.failed(reason: "shutting down"))
    }

    /// Live listening goes on without the store: recordings wait in the log.
    private func writeToStore() async {
        guard let store else { return }
        let check = health.register("store")
        do {
            try await store.put(ByteBuffer(string: "ok\n"), at: "probe")
            check.set(.ok)
        } catch {
            check.set(.degraded(reason: "\(error)"))
        }
    }
}
