import DatabaseTesting
import Events
import Foundation
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization

/// One process of a service, for tests that kill it between two steps.
///
///     EventProcess writer|relay|consumer DATABASE...
///
/// It asks whoever started it for permission before each step, on standard output and input; so it can be killed there
/// and nowhere else. The bus is the other end of the pipe: what is said there outlives this process.
@main
struct EventProcess {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let role = arguments.first, let address = DatabaseAddress(arguments: arguments.dropFirst()) else {
            throw Conversation.Failure(description: "usage: EventProcess writer|relay|consumer DATABASE...")
        }
        let conversation = Conversation()
        let database = SteppedDatabase(database: try address.open(), conversation: conversation)
        var logger = Logger(label: "process")
        logger.logLevel = .critical
        switch role {
        case "writer": try await write(to: database, conversation)
        case "relay": try await relay(from: database, conversation, logger)
        case "consumer": try await consume(into: database, conversation, logger)
        default: throw Conversation.Failure(description: "no role \(role)")
        }
        try conversation.tell("done")
        try await database.close()
    }

    /// Changes something and tells of it, as often as it is asked to.
    private static func write(to database: SteppedDatabase, _ conversation: Conversation) async throws {
        for _ in 0..<(Int(try conversation.ask("count")) ?? 0) {
            let number = try conversation.ask("what")
            let title = try conversation.ask("title")
            try await database.transaction { connection in
                try connection.execute("INSERT INTO ledger (entry) VALUES (?)", [.text("\(number) \(title)")])
                let event = Event.channelChanged(
                    ChannelChanged(channelID: number, name: "name", title: title, ownerID: nil, deleted: false))
                try Outbox.append(event, at: Timestamp(milliseconds: 1000), to: connection)
            }
        }
    }

    private static func relay(
        from database: SteppedDatabase, _ conversation: Conversation, _ logger: Logger
    ) async throws {
        let bus = PipedBus(bus: InProcessMessageBus(), conversation: conversation)
        let relay = OutboxRelay(database: database, bus: bus, logger: logger)
        while try await relay.relayBatch() > 0 {}
    }

    /// Applies what the pipe has, oldest first, until all of it is acknowledged.
    private static func consume(
        into database: SteppedDatabase, _ conversation: Conversation, _ logger: Logger
    ) async throws {
        let bus = PipedBus(bus: InProcessMessageBus(), conversation: conversation)
        let consumer = EventConsumer(
            subscriber: "keeper", types: [.channelChanged], database: database, bus: bus, logger: logger)
        try await consumer.declare()
        let count = Int(try conversation.ask("count")) ?? 0
        for _ in 0..<count {
            guard let payload = Data(base64Encoded: try conversation.ask("event")) else {
                throw Conversation.Failure(description: "an event is not base64")
            }
            try await bus.bus.publishEvent(topic: EventType.channelChanged.topic, ByteBuffer(bytes: payload))
        }
        let (acknowledged, continuation) = AsyncStream<Void>.makeStream()
        bus.onAcknowledge.withLock { $0 = { continuation.yield() } }
        let consuming = Task {
            try await consumer.run { event, _, connection in
                guard case .channelChanged(let channel) = event else { return }
                try connection.execute(
                    "INSERT INTO ledger (entry) VALUES (?)", [.text("\(channel.channelID) \(channel.title)")])
            }
        }
        var left = count
        if left > 0 {
            for await _ in acknowledged {
                left -= 1
                if left == 0 { break }
            }
        }
        consuming.cancel()
        try await consuming.value
    }
}
