import Synchronization
import Testing

@testable import Transcoder

struct SlotsTests {
    /// One that stands by gives way to a stream without a worker, an active one does not.
    @Test func standbysGiveWay() async throws {
        let slots = Slots(count: 2)
        #expect(slots.take("a", isStandby: false))
        #expect(slots.take("b", isStandby: true))
        #expect(!slots.take("b", isStandby: false) && !slots.take("c", isStandby: false))
        #expect(!slots.hasRoom && slots.canMakeRoom)
        let wasEnded = Mutex(false)
        slots.runs("b") {
            wasEnded.withLock { $0 = true }
            slots.give(back: "b")
        }
        await slots.makeRoom(for: "c")
        #expect(wasEnded.withLock { $0 })
        // The slot is kept for the stream that it was made free for.
        #expect(!slots.take("d", isStandby: true) && !slots.take("c", isStandby: true))
        #expect(slots.take("c", isStandby: false))
        #expect(!slots.canMakeRoom)
        // Nothing is given up for what is here already, or where nobody stands by.
        await slots.makeRoom(for: "c")
        await slots.makeRoom(for: "d")
        #expect(!slots.hasRoom)
    }

    /// One that is given up cannot take its turn any more, and one that has taken it is not given up.
    @Test func turnAndGivingUpExcludeEachOther() async throws {
        let slots = Slots(count: 1)
        #expect(slots.take("a", isStandby: true))
        #expect(slots.becomesActive("a"))
        #expect(!slots.canMakeRoom)
        #expect(!slots.give(back: "a"))
        #expect(slots.take("b", isStandby: true))
        async let room: Void = slots.makeRoom(for: "c")
        while slots.canMakeRoom { await Task.yield() }
        #expect(!slots.becomesActive("b"))
        let wasEnded = Mutex(false)
        // It ran late: told at once.
        slots.runs("b") { wasEnded.withLock { $0 = true } }
        #expect(wasEnded.withLock { $0 })
        #expect(slots.give(back: "b"))
        await room
        #expect(!slots.hasRoom)
        #expect(slots.take("c", isStandby: false))
    }

    /// Who waits for a slot goes on when there is one, and at the end.
    @Test func waitingEnds() async throws {
        let slots = Slots(count: 1)
        #expect(slots.take("a", isStandby: true))
        try await slots.waitForRoom(orStandby: true)
        let waiting = Task { try await slots.waitForRoom(orStandby: false) }
        slots.give(back: "a")
        try await waiting.value
        #expect(slots.take("a", isStandby: false))
        let cancelled = Task { try await slots.waitForRoom(orStandby: true) }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
    }
}
