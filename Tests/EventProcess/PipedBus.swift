import Foundation
import MessageBus
import NIOCore
import Synchronization

/// A bus whose events go to the process that started this one, and whose acknowledgements it is told.
final class PipedBus: MessageBus {
    let bus: any MessageBus
    let conversation: Conversation
    let onAcknowledge = Mutex<@Sendable () -> Void>({})

    init(bus: any MessageBus, conversation: Conversation) {
        self.bus = bus
        self.conversation = conversation
    }

    func publishEvent(topic: String, _ payload: ByteBuffer) async throws {
        try conversation.step("before publishing")
        let encoded = Data(payload.readableBytesView).base64EncodedString()
        guard try conversation.ask("publish \(encoded)") == "ok" else { throw BusError.disconnected("refused") }
        try conversation.step("after publishing")
    }

    func subscribe(
        _ subscriber: String, topics: [String], _ options: SubscriptionOptions
    ) async throws -> any EventSubscription {
        PipedSubscription(try await bus.subscribe(subscriber, topics: topics, options), self)
    }

    func declareQueue(_ name: String, _ options: QueueOptions) async throws -> QueueStatus {
        try await bus.declareQueue(name, options)
    }
    var losses: UInt64? { nil }
    func deleteQueue(_ name: String) async throws { try await bus.deleteQueue(name) }
    func send(_ payload: ByteBuffer, to queue: String) throws(BusError) { try bus.send(payload, to: queue) }
    func publish(_ payload: ByteBuffer, to queue: String) async throws { try await bus.publish(payload, to: queue) }
    func consume(_ queue: String, prefetch: Int) async throws -> any QueueConsumer {
        try await bus.consume(queue, prefetch: prefetch)
    }
    func declareLog(_ name: String, _ options: LogOptions) async throws { try await bus.declareLog(name, options) }
    func deleteLog(_ name: String) async throws { try await bus.deleteLog(name) }
    func append(_ payload: ByteBuffer, to log: String) async throws { try await bus.append(payload, to: log) }
    func read(_ log: String, from start: LogStart) async throws -> any LogReader {
        try await bus.read(log, from: start)
    }
    func sendEvent(topic: String, _ payload: ByteBuffer) throws(BusError) {
        try bus.sendEvent(topic: topic, payload)
    }
    func shutdown() async { await bus.shutdown() }
}

/// Says which event was acknowledged, before and after saying so.
private final class PipedSubscription: EventSubscription {
    private let subscription: any EventSubscription
    private let bus: PipedBus
    private let payloads = Mutex<[DeliveryTag: ByteBuffer]>([:])

    init(_ subscription: any EventSubscription, _ bus: PipedBus) {
        self.subscription = subscription
        self.bus = bus
    }

    nonisolated(nonsending) func next() async throws -> Delivery? {
        guard let delivery = try await subscription.next() else { return nil }
        payloads.withLock { $0[delivery.tag] = delivery.payload }
        return delivery
    }

    var waitingCount: Int { subscription.waitingCount }

    func acknowledge(_ tag: DeliveryTag) {
        if let payload = payloads.withLock({ $0.removeValue(forKey: tag) }) {
            let encoded = Data(payload.readableBytesView).base64EncodedString()
            // Without an answer the other end is gone, and so is this process in a moment.
            _ = try? bus.conversation.ask("step before acknowledging")
            _ = try? bus.conversation.ask("acknowledge \(encoded)")
            _ = try? bus.conversation.ask("step after acknowledging")
        }
        subscription.acknowledge(tag)
        bus.onAcknowledge.withLock { $0 }()
    }

    func acknowledge(through tag: DeliveryTag) { subscription.acknowledge(through: tag) }
    func reject(_ tag: DeliveryTag, requeue: Bool) { subscription.reject(tag, requeue: requeue) }
    func addTopics(_ topics: [String]) async throws { try await subscription.addTopics(topics) }
    func removeTopics(_ topics: [String]) async throws { try await subscription.removeTopics(topics) }
    func close() async { await subscription.close() }
}
