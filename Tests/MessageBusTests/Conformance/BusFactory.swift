import MessageBus
import Testing

/// An implementation of the bus, for the conformance suite.
struct BusFactory: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A broker; returns how to connect a further client to it.
    let start: @Sendable () async throws -> @Sendable () async throws -> any MessageBus

    static let inProcess = BusFactory(testDescription: "in process") {
        let first = InProcessMessageBus()
        return { first.connect() }
    }

    static let rabbitMQ = BusFactory(testDescription: "RabbitMQ") {
        let configuration = try RabbitMQConfiguration(url: try await TestBroker.shared.value.url)
        return { RabbitMQMessageBus(configuration) }
    }

    /// Every implementation.
    static let all: [BusFactory] = [inProcess, rabbitMQ]

    /// Runs a test against a broker, which other tests may use at the same time.
    func run(_ test: (BusScene) async throws -> Void) async throws {
        let scene = BusScene(connect: try await start())
        do {
            try await test(scene)
        } catch {
            try await scene.tearDown()
            throw error
        }
        try await scene.tearDown()
    }
}

/// One test's part of a broker: clients, and names that no other test has.
actor BusScene {
    private let connect: @Sendable () async throws -> any MessageBus
    private var clients: [any MessageBus] = []
    private var names: [String] = []

    init(connect: @escaping @Sendable () async throws -> any MessageBus) {
        self.connect = connect
    }

    func client() async throws -> any MessageBus {
        let client = try await connect()
        clients.append(client)
        return client
    }

    /// A name of a queue, log or subscriber.
    func name(_ subject: String = "test") -> String {
        let name = "\(subject).\(UInt64.random(in: .min ... .max))"
        names.append(name)
        return name
    }

    func tearDown() async throws {
        for client in clients { await client.shutdown() }
        let cleaner = try await connect()
        for name in names {
            try await cleaner.deleteLog(name)
            try await cleaner.deleteQueue(name)
            try await cleaner.deleteQueue(SubscriptionOptions.deadLetterQueue(of: name))
        }
        await cleaner.shutdown()
    }
}
