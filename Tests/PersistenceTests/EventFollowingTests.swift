import Events
import Logging
import MessageBus
import NIOCore
import Persistence
import Synchronization
import Testing

struct EventFollowingTests {
    /// What was missed may reach the projection after this process began to follow, so it is read again; events that
    /// come meanwhile are told without waiting for that, and one that cannot be read harms nobody.
    @Test(.timeLimit(.minutes(20))) func whatWasMissedIsCaughtUpWith() async throws {
        let bus = InProcessMessageBus()
        let catchUps = Mutex(0)
        let told = Mutex<[Event]>([])
        let following = Task {
            try await bus.followEvents(
                as: "p", types: [.channelChanged], logger: Logger(label: "test"),
                catchUp: { catchUps.withLock { $0 += 1 } }, told: { event in told.withLock { $0.append(event) } })
        }
        func wait(until isTrue: () -> Bool) async throws {
            while !isTrue() { try await Task.sleep(for: .milliseconds(20)) }
        }
        try await wait { catchUps.withLock { $0 } >= 1 }
        let event = EventFlow.event(1, "one")
        try await bus.publishEvent(topic: event.type.topic, ByteBuffer(string: "{"))
        try await bus.publishEvent(
            topic: event.type.topic, ByteBuffer(bytes: EventEnvelope(event, at: Timestamp(milliseconds: 1)).encoded()))
        try await wait { told.withLock { $0 } == [event] }
        try await wait { catchUps.withLock { $0 } >= 3 }
        following.cancel()
        try await following.value
        await bus.shutdown()
    }

    /// After a connection that hung, the broker still has the queue for it: that is waited for.
    @Test(.timeLimit(.minutes(20))) func anOldSubscriptionOfOnesOwnIsWaitedFor() async throws {
        let bus = InProcessMessageBus()
        let old = bus.connect()
        let held = try await old.subscribe("p", topics: ["a.b"], exclusive: true)
        let catchUps = Mutex(0)
        let following = Task {
            try await bus.followEvents(
                as: "p", types: [.channelChanged], logger: Logger(label: "test"),
                catchUp: { catchUps.withLock { $0 += 1 } }, told: { _ in })
        }
        try await Task.sleep(for: .milliseconds(300))
        #expect(catchUps.withLock { $0 } == 0)
        await held.close()
        while catchUps.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        following.cancel()
        try await following.value
        await old.shutdown()
        await bus.shutdown()
    }
}
