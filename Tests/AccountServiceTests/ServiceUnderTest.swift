import AccountService
import Events
import Foundation
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization
import Testing

/// AccountService on a SQLite file of its own and an in-process bus, with a clock that stands still until it is set.
final class ServiceUnderTest: Sendable {
    let folder: URL
    let bus = InProcessMessageBus()
    let logger: Logger
    let service: AccountService
    private let clock = Clock()
    private let database: any Database

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "accounts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        database = try SQLiteDatabase(path: folder.appending(path: "accounts.sqlite").path)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.logger = logger
        service = AccountService(database: database, bus: bus, logger: logger, now: { [clock] in clock.now })
    }

    /// What the service takes for the time.
    final class Clock: Sendable {
        private let time = Mutex(Timestamp(milliseconds: 1_700_000_000_000))
        var now: Timestamp {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    var now: Timestamp { clock.now }
    var api: AccountAPI { AccountAPI(service: service) }

    func advance(by duration: Duration) { clock.now = clock.now.advanced(by: duration) }

    static func with(_ body: (ServiceUnderTest) async throws -> Void) async throws {
        let test = try ServiceUnderTest()
        try await test.service.prepare()
        try await body(test)
        await test.bus.shutdown()
        try await test.database.close()
        try FileManager.default.removeItem(at: test.folder)
    }

    /// Runs the service while `body` runs; its end must be clean.
    func whileRunning(_ body: () async throws -> Void) async throws {
        let running = Task { try await service.run() }
        do {
            try await body()
        } catch {
            running.cancel()
            throw error
        }
        running.cancel()
        try await running.value
    }

    /// Another connection to the same file, as that of an administration command.
    func command() throws -> AccountService {
        let database = try SQLiteDatabase(path: folder.appending(path: "accounts.sqlite").path)
        return AccountService(database: database, bus: InProcessMessageBus(), logger: logger)
    }

    /// Everything that the service has told or is about to tell.
    func outbox() async throws -> [Event] {
        try await database.read { connection in
            try connection.query("SELECT envelope FROM outbox ORDER BY position").map { row in
                let envelope = try EventEnvelope(decoding: try row["envelope"] as [UInt8])
                guard case .event(let event) = try envelope.decodeEvent() else { throw SQLError(.other, "no event") }
                return event
            }
        }
    }

    /// Tells the service what another one tells.
    func tell(_ event: Event, version: Int64) async throws {
        var generator = SystemRandomNumberGenerator()
        let envelope = EventEnvelope(
            id: EventEnvelope.makeID(using: &generator), event: event, aggregateVersion: version, occurredAt: now)
        try await bus.publishEvent(topic: event.type.topic, ByteBuffer(bytes: envelope.encoded()))
    }

    /// The channel's document, once it is as `condition` says.
    func channel(
        _ name: String, when condition: (ChannelDocument) -> Bool
    ) async throws -> ChannelDocument {
        while true {
            if let document = try await api.channel(named: name), condition(document) { return document }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
