import Synchronization
import Testing

@testable import Origin

@Suite(.timeLimit(.minutes(20))) struct SharedValuesTests {
    private struct Broken: Error {}

    private final class Count: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func increment() { count.add(1, ordering: .relaxed) }
    }

    private func made(_ value: Int, cost: Int = 1, freshFor: Duration = .seconds(3600)) -> SharedValues<Int, Int>.Made {
        .init(value: value, cost: cost, freshFor: freshFor)
    }

    @Test func aValueIsMadeOnceForAllWhoAsk() async throws {
        let values = SharedValues<Int, Int>(budget: 100)
        let gate = AsyncStream.makeStream(of: Void.self)
        let makings = Count()
        let asked = Count()
        let got = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for _ in 0..<40 {
                tasks.addTask {
                    asked.increment()
                    return try await values.value(1) { _ in
                        makings.increment()
                        for await _ in gate.stream { break }
                        return made(7)
                    }
                }
            }
            while asked.value < 40 { await Task.yield() }
            gate.continuation.yield()
            return try await tasks.reduce(into: 0) { $0 += $1 }
        }
        #expect(got == 280)
        #expect(makings.value == 1)
        #expect(values.fresh(1) == 7)
    }

    /// Whoever asked first may leave: the others still get what was begun for all.
    @Test func theFirstWhoAskedMayLeave() async throws {
        let values = SharedValues<Int, Int>(budget: 100)
        let (gate, began) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
        let first = Task {
            try await values.value(1) { _ in
                began.continuation.yield()
                for await _ in gate.stream { break }
                try Task.checkCancellation()
                return made(7)
            }
        }
        for await _ in began.stream { break }
        first.cancel()
        let second = Task { try await values.value(1) { _ in made(8) } }
        gate.continuation.yield()
        #expect(try await second.value == 7)
    }

    @Test func anErrorIsToldToAllAndNotKept() async throws {
        let values = SharedValues<Int, Int>(budget: 100)
        await #expect(throws: Broken.self) { try await values.value(1) { _ in throw Broken() } }
        #expect(values.fresh(1) == nil)
        #expect(try await values.value(1) { _ in made(3) } == 3)
    }

    @Test func whatIsNotFreshIsMadeOfWhatThereWas() async throws {
        let values = SharedValues<Int, Int>(budget: 100)
        _ = try await values.value(1) { _ in made(1, freshFor: .zero) }
        #expect(values.fresh(1) == nil)
        #expect(try await values.value(1) { old in made((old ?? 0) + 1) } == 2)
        #expect(values.fresh(1) == 2)
    }

    @Test func theLongestUnusedGoesFirst() async throws {
        let values = SharedValues<Int, Int>(budget: 10)
        for key in 0..<3 { _ = try await values.value(key) { _ in made(key, cost: 4) } }
        #expect(values.fresh(0) == nil)
        #expect(values.fresh(1) == 1)
        _ = try await values.value(3) { _ in made(3, cost: 4) }
        #expect(values.fresh(1) == 1)
        #expect(values.fresh(2) == nil)
        #expect(values.cost == 8)
        // One that is larger than the whole budget stays alone.
        _ = try await values.value(4) { _ in made(4, cost: 50) }
        #expect(values.fresh(4) == 4)
        #expect(values.count == 1)
        _ = try await values.value(5) { _ in made(5, cost: 4) }
        #expect(values.cost == 4)
    }

    @Test func valuesAndMakingsAreCounted() async throws {
        let values = SharedValues<Int, Int>(budget: .max, maximumCount: 5, maximumMaking: 1)
        for key in 0..<20 { _ = try await values.value(key) { _ in made(key) } }
        #expect(values.count == 5)
        let gate = AsyncStream.makeStream(of: Void.self)
        let began = AsyncStream.makeStream(of: Void.self)
        let slow = Task {
            try await values.value(100) { _ in
                began.continuation.yield()
                for await _ in gate.stream { break }
                return made(100)
            }
        }
        for await _ in began.stream { break }
        await #expect(throws: SharedValues<Int, Int>.Busy.self) { try await values.value(101) { _ in made(101) } }
        gate.continuation.yield()
        #expect(try await slow.value == 100)
    }
}
