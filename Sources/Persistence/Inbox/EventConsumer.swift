public import Events
public import Logging
public import MessageBus
import NIOCore

/// Applies other services' events to a projection in the service's own database, each once and in the order of its
/// aggregate: the ``Inbox`` and the projection change in one transaction, and only then is the event acknowledged.
public struct EventConsumer: Sendable {
    /// Changes the projection. Runs in the transaction that marks the event as applied, perhaps more than once.
    public typealias Apply = @Sendable (Event, EventEnvelope, any SQLConnection) throws -> Void

    /// The durable subscriber's name on the bus, one for all processes of a service.
    public let subscriber: String
    public let types: [EventType]
    /// The services that are asked for a replay when no event ever came: what the projection needs of them may have
    /// been published before this subscriber existed.
    public let owners: [String]

    private let database: any Database
    private let bus: any MessageBus
    private let logger: Logger
    private let now: WallClock

    public init(
        subscriber: String, types: [EventType], replayedBy owners: [String] = [], database: any Database,
        bus: any MessageBus, logger: Logger, now: @escaping WallClock = Timestamp.systemClock
    ) {
        self.subscriber = subscriber
        self.types = types
        self.owners = owners
        self.database = database
        self.bus = bus
        self.logger = logger
        self.now = now
    }

    /// Makes the subscriber exist: what is published from now on is kept for it.
    public func declare() async throws {
        try await subscribe().close()
    }

    /// Consumes until cancelled, then returns. A lost bus or database is waited for.
    /// - Parameter applied: told of each event once it is committed, for what is kept in memory of the projection.
    /// - Throws: ``BusError/shutDown`` once the bus was shut down; ``BusError`` for a subscriber that exists otherwise.
    public func run(
        apply: @escaping Apply, applied: @escaping @Sendable (Event) async -> Void = { _ in }
    ) async throws {
        var pauses = Backoff()
        var mayLackEvents = !owners.isEmpty
        while !Task.isCancelled {
            do {
                let subscription = try await subscribe()
                pauses = Backoff()
                if mayLackEvents {
                    try await requestReplayIfEmpty()
                    mayLackEvents = false
                }
                try await consume(subscription, apply, applied)
                if !Task.isCancelled { throw BusError.shutDown }
            } catch let error as BusError where error.passesWhenDeclaredAnew {
                try? await pause(pauses.next(), after: error)
            } catch let error as SQLError where error.isTransient {
                try? await pause(pauses.next(), after: error)
            } catch is CancellationError {
                return
            }
        }
    }

    private func pause(_ pause: Duration, after error: any Error) async throws {
        logger.log(
            level: .ofTry(error), "event subscription lost",
            metadata: ["subscriber": "\(subscriber)", "reason": "\(error)", "retry.after": "\(pause)"])
        try await Task.sleep(for: pause)
    }

    private func requestReplayIfEmpty() async throws {
        guard try await database.read({ try Inbox.isEmpty(in: $0) }) else { return }
        for owner in owners {
            let envelope = EventEnvelope(.replayRequested(ReplayRequested(owner: owner)), at: now())
            try await bus.publishEvent(
                topic: EventType.replayRequested.topic, ByteBuffer(bytes: envelope.encoded()))
        }
    }

    private func subscribe() async throws -> any EventSubscription {
        try await bus.subscribe(subscriber, topics: types.map(\.topic), SubscriptionOptions())
    }

    private func consume(
        _ subscription: any EventSubscription, _ apply: @escaping Apply, _ applied: @Sendable (Event) async -> Void
    ) async throws {
        do {
            while let delivery = try await subscription.next() {
                try await settle(delivery, of: subscription, apply, applied)
            }
        } catch {
            await subscription.close()
            throw error
        }
    }

    private func settle(
        _ delivery: Delivery, of subscription: any EventSubscription, _ apply: @escaping Apply,
        _ applied: @Sendable (Event) async -> Void
    ) async throws {
        let envelope: EventEnvelope
        let event: Event
        do {
            envelope = try EventEnvelope(decoding: delivery.payload.readableBytesView)
            switch try envelope.decodeEvent() {
            case .event(let known): event = known
            case .unknownType, .unknownVersion:
                logger.error(
                    "event of a newer service set aside in the dead-letter queue: update this one, then replay",
                    metadata: ["event.type": "\(envelope.type)", "event.version": "\(envelope.version)"])
                return subscription.reject(delivery.tag, requeue: false)
            }
        } catch {
            logger.error(
                "event refused", metadata: ["topic": "\(delivery.topic ?? "")", "error": "\(error)"])
            return subscription.reject(delivery.tag, requeue: false)
        }
        if try await commit(event, envelope, apply) {
            subscription.acknowledge(delivery.tag)
            await applied(event)
        } else {
            subscription.reject(delivery.tag, requeue: false)
        }
    }

    /// Tries again for as long as the database cannot be had: later events must not overtake this one.
    /// - Returns: whether the event is done with; not if it can never be applied.
    private func commit(_ event: Event, _ envelope: EventEnvelope, _ apply: @escaping Apply) async throws -> Bool {
        var pauses = Backoff()
        while true {
            do {
                let receivedAt = now()
                try await database.transaction { connection in
                    switch try Inbox.accept(envelope, at: receivedAt, in: connection) {
                    case .apply: try apply(event, envelope, connection)
                    case .duplicate, .outdated: break
                    }
                }
                return true
            } catch let error as SQLError where error.isTransient {
                let pause = pauses.next()
                logger.log(
                    level: .ofTry(error), "event not applied yet",
                    metadata: ["event.id": "\(envelope.id)", "error": "\(error)", "retry.after": "\(pause)"])
                try await Task.sleep(for: pause)
            } catch let error as SQLError where error.code == .closed {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.error(
                    "event cannot be applied, moved to the dead-letter queue",
                    metadata: ["event.id": "\(envelope.id)", "event.type": "\(envelope.type)", "error": "\(error)"])
                return false
            }
        }
    }
}
