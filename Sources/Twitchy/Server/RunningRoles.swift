import AccountService
import Foundation
import Ingest
import MessageBus
import Origin
import Telemetry
import Transcoder

/// The services of this process, made of the infrastructure.
struct RunningRoles {
    let accounts: AccountService?
    let ingest: IngestService?
    let transcoder: TranscoderService?
    let origin: OriginService?
    let hasWeb: Bool
    /// Whether anything is answered on the public HTTP port.
    var answersHTTP: Bool { origin != nil || accounts != nil || hasWeb }
    private let configuration: Configuration

    init(_ roles: Set<Role>, on base: Infrastructure) throws {
        let configuration = base.configuration
        self.configuration = configuration
        // Names this process in leases, fences and subscriptions.
        let process = UUID().uuidString.lowercased()
        accounts =
            roles.contains(.accounts)
            ? AccountService(
                database: try base.databases[.accounts], bus: base.bus, logger: base.output.logger(label: "accounts"))
            : nil
        ingest =
            roles.contains(.ingest)
            ? IngestService(
                database: try base.databases[.ingest], bus: base.bus, group: base.group,
                settings: configuration.ingestSettings, owner: process, metrics: IngestMetrics(base.metrics),
                logger: base.output.logger(label: "ingest"))
            : nil
        transcoder =
            roles.contains(.transcoder)
            ? TranscoderService(
                bus: base.bus, store: base.store, ladder: configuration.ladder, slots: configuration.slots,
                rules: configuration.recordingRules, worker: process, metrics: TranscoderMetrics(base.metrics),
                logger: base.output.logger(label: "transcoder"))
            : nil
        origin =
            roles.contains(.origin)
            ? OriginService(
                database: try base.databases[.origin], bus: base.bus, store: base.store,
                settings: configuration.originSettings, process: process, metrics: OriginMetrics(base.metrics),
                logger: base.output.logger(label: "origin"))
            : nil
        hasWeb = roles.contains(.web)
        if let transcoder { base.health.register("workers") { transcoder.lateness } }
        if let origin { base.health.register("streams") { origin.logHealth } }
    }

    /// All subscribe before any publishes: a bus keeps nothing for those that it does not know yet.
    func prepare() async throws {
        try await Failure.explaining(Databases.place("accounts", configuration)) { try await accounts?.prepare() }
        try await Failure.explaining(Databases.place("ingest", configuration)) { try await ingest?.prepare() }
        try await Failure.explaining(Databases.place("origin", configuration)) { try await origin?.prepare() }
        try await accounts?.subscribe()
        try await ingest?.subscribe()
        try await origin?.subscribe()
    }

    /// Works until cancelled. A service that ends by itself takes the others with it: a process with half its roles
    /// helps nobody.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            if let accounts { tasks.addTask { try await accounts.run() } }
            if let ingest { tasks.addTask { try await ingest.run() } }
            if let transcoder { tasks.addTask { try await transcoder.run() } }
            if let origin { tasks.addTask { try await origin.run() } }
            if hasWeb {
                // Pages are answered on the event loops: there is nothing to do but to stay.
                tasks.addTask { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) } }
            }
            try await tasks.next()
            tasks.cancelAll()
            try await tasks.waitForAll()
        }
    }
}

extension Configuration {
    fileprivate var ingestSettings: IngestSettings {
        var settings = IngestSettings()
        settings.ladder = ladder
        // A standby takes over when the active worker's process is gone; in one process both would go.
        settings.workers = amqpURL == nil ? 1 : 2
        if segments.isRemote { settings.mediaLog = Topology.mediaOptionsOfRemoteStore }
        return settings
    }

    fileprivate var recordingRules: RecordingRules {
        var rules = RecordingRules()
        rules.keepFor = keepRecordings
        rules.quotaBytes = recordingQuota
        rules.channelQuotaBytes = channelQuota
        rules.rewind = dvr
        return rules
    }

    fileprivate var originSettings: OriginSettings {
        var settings = OriginSettings()
        settings.isLowLatency = isLowLatency
        settings.rewind = dvr
        return settings
    }
}
