import AccountService
import DatabaseTesting
import Events
import HTTPService
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization
import Testing

/// AccountService on a database of its own and an in-process bus, with a clock that stands still until it is set.
final class ServiceUnderTest: Sendable {
    let bus = InProcessMessageBus()
    let logger: Logger
    let service: AccountService
    private let clock = Clock()
    private let store: any DatabaseStore
    let database: any Database

    private init(_ store: any DatabaseStore) throws {
        self.store = store
        database = try store.open()
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

    static func with(_ engine: DatabaseEngine, _ body: (ServiceUnderTest) async throws -> Void) async throws {
        try await engine.withStore { (store) async throws in
            let test = try ServiceUnderTest(store)
            do {
                try await test.service.prepare()
                try await body(test)
            } catch {
                try await test.close()
                throw error
            }
            try await test.close()
        }
    }

    private func close() async throws {
        await bus.shutdown()
        try await database.close()
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

    /// Runs `body` with other connections to the same database, as those of an administration command.
    func withCommand(_ body: (AccountService) async throws -> Void) async throws {
        let database = try store.open()
        do {
            try await body(
                AccountService(
                    database: database, bus: InProcessMessageBus(), logger: logger, now: { [clock] in clock.now }))
        } catch {
            try await database.close()
            throw error
        }
        try await database.close()
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

    /// A player tells that it plays the channel `radio`.
    @discardableResult
    func beacon(
        from address: String, userAgent: String = "", channel: String = "radio", isOurs: Bool = false,
        session: String? = nil
    ) async throws -> String? {
        let address = try #require(IPAddress(address))
        return try await api.presence(
            channelNamed: channel,
            Beacon(address: address, userAgent: userAgent, isOurs: isOurs, session: session))
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
