public import Events
public import Logging
public import MessageBus
import NIOCore

extension MessageBus {
    /// Tells this process of events as they come: for what is kept in memory or acts on open connections. Nothing is
    /// kept while the process is not connected, so `catchUp` brings it up to date.
    ///
    /// Works until cancelled, then returns. A lost bus is waited for.
    /// - Parameters:
    ///   - process: names this process and the purpose; no other subscription may have the same name.
    ///   - catchUp: reads the projection. Called when events have begun to come, and from then on whatever happens is
    ///     told; and again after 1 s, 2 s, 4 s and so on up to once a minute, since what was missed may be with the
    ///     process that keeps the projection for a while.
    /// - Throws: ``BusError/shutDown`` once the bus was shut down; ``BusError`` for what can never work.
    public func followEvents(
        as process: String, types: [EventType], logger: Logger, catchUp: @escaping @Sendable () async -> Void = {},
        told: @escaping @Sendable (Event) async -> Void
    ) async throws {
        var pauses = Backoff()
        while !Task.isCancelled {
            do {
                let subscription = try await subscribe(process, topics: types.map(\.topic), exclusive: true)
                pauses = Backoff()
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    tasks.addTask {
                        var pause = Duration.seconds(1)
                        while true {
                            await catchUp()
                            try await Task.sleep(for: pause)
                            pause = min(pause * 2, .seconds(60))
                        }
                    }
                    tasks.addTask { try await tell(subscription, logger: logger, told) }
                    defer { tasks.cancelAll() }
                    try await tasks.next()
                }
                if !Task.isCancelled { throw BusError.shutDown }
            } catch is CancellationError {
                return
            } catch let error as BusError where error.passesWhenDeclaredAnew {
                let pause = pauses.next()
                logger.log(
                    level: .ofTry(error), "event subscription lost",
                    metadata: ["subscriber": "\(process)", "reason": "\(error)", "retry.after": "\(pause)"])
                try? await Task.sleep(for: pause)
            }
        }
    }

    private func tell(
        _ subscription: any EventSubscription, logger: Logger, _ told: @Sendable (Event) async -> Void
    ) async throws {
        while let delivery = try await subscription.next() {
            subscription.acknowledge(delivery.tag)
            do {
                let envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
                if case .event(let event) = try envelope.decodeEvent() { await told(event) }
            } catch {
                logger.error("event refused", metadata: ["topic": "\(delivery.topic ?? "")", "error": "\(error)"])
            }
        }
    }
}
