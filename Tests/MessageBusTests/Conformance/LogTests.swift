import MessageBus
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(20)))
struct LogTests {
    private let options = LogOptions(maximumBytes: 8 << 20, minimumAge: .seconds(600))

    /// A reader from the start gets everything and learns when it has seen what was there; then what is new.
    @Test(arguments: BusFactory.all)
    func readerFromTheStartReplaysEverything(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            for number in 0..<50 { try await bus.append(payload(number), to: log) }
            let reader = try await bus.read(log, from: .first)
            let entries = try await reader.receiveAll()
            #expect(entries.map(\.payload.number) == Array(0..<50))
            #expect(entries.map(\.offset) == entries.map(\.offset).sorted())
            #expect(Set(entries.map(\.offset)).count == 50)
            try await reader.expectSilence()
            try await bus.append(payload(50), to: log)
            #expect(try await reader.receiveNumbers(1) == [50])
        }
    }

    @Test(arguments: BusFactory.all)
    func readerFromTheEndGetsOnlyWhatIsNew(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            for number in 0..<5 { try await bus.append(payload(number), to: log) }
            let reader = try await bus.read(log, from: .end)
            #expect(try await reader.receive() == .caughtUp)
            try await reader.expectSilence()
            for number in 5..<8 { try await bus.append(payload(number), to: log) }
            #expect(try await reader.receiveNumbers(3) == [5, 6, 7])
        }
    }

    @Test(arguments: BusFactory.all, [LogStart.first, .end])
    func emptyLogIsReadToItsEndAtOnce(factory: BusFactory, start: LogStart) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            let reader = try await bus.read(log, from: start)
            #expect(try await reader.receive() == .caughtUp)
            try await bus.append(payload(0), to: log)
            #expect(try await reader.receiveNumbers(1) == [0])
            try await reader.expectSilence()
        }
    }

    /// A reader goes on where another has stopped.
    @Test(arguments: BusFactory.all)
    func readerGoesOnBehindAnOffset(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            for number in 0..<20 { try await bus.append(payload(number), to: log) }
            let reader = try await bus.read(log, from: .first)
            _ = try await reader.receiveNumbers(7)
            let seventh = try await reader.receiveEntry()
            await reader.close()
            let next = try await bus.read(log, from: .after(seventh))
            let entries = try await next.receiveAll()
            #expect(entries.map(\.payload.number) == Array(8..<20))

            // Behind the last one there is nothing yet.
            let last = try #require(entries.last)
            let waiting = try await bus.read(log, from: .after(last))
            #expect(try await waiting.receive() == .caughtUp)
            try await bus.append(payload(20), to: log)
            #expect(try await waiting.receiveNumbers(1) == [20])
        }
    }

    /// A log that was made anew is not taken for the one before, however long it is: a reader would wait in it, or miss
    /// its beginning.
    @Test(arguments: BusFactory.all)
    func aLogThatWasMadeAnewIsKnown(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            for number in 0..<5 { try await bus.append(payload(number), to: log) }
            let reader = try await bus.read(log, from: .first)
            let last = try #require(try await reader.receiveAll().last)
            await reader.close()
            try await bus.deleteLog(log)
            for count in [0, 1, 5, 9] {
                try await bus.declareLog(log, options)
                for number in 0..<count { try await bus.append(payload(100 + number), to: log) }
                await #expect(throws: BusError.otherLog(log), "\(count) entries") {
                    let reader = try await bus.read(log, from: .after(last))
                    _ = try await within { try await reader.next() }
                }
                let reader = try await bus.read(log, from: .first)
                #expect(try await reader.receiveAll().map(\.payload.number) == Array(100..<(100 + count)))
                await reader.close()
                try await bus.deleteLog(log)
            }
        }
    }

    /// What is confirmed before a reader begins is found by it, whoever appended it: the fence relies on that.
    @Test(arguments: BusFactory.all)
    func readersOfOtherClientsSeeWhatIsConfirmed(factory: BusFactory) async throws {
        try await factory.run { scene in
            let (bus, other) = (try await scene.client(), try await scene.client())
            let log = await scene.name()
            try await bus.declareLog(log, options)
            try await other.declareLog(log, options)
            for number in 0..<20 {
                try await (number.isMultiple(of: 2) ? bus : other).append(payload(number), to: log)
                let reader = try await (number.isMultiple(of: 3) ? bus : other).read(log, from: .first)
                #expect(try await reader.receiveAll().map(\.payload.number) == Array(0...number))
                await reader.close()
            }
        }
    }

    /// Each reader has a position of its own; a slow one holds up nobody and misses nothing that is kept.
    @Test(arguments: BusFactory.all)
    func readersAreIndependent(factory: BusFactory) async throws {
        try await factory.run { scene in
            let (bus, other) = (try await scene.client(), try await scene.client())
            let log = await scene.name()
            try await bus.declareLog(log, options)
            let slow = try await bus.read(log, from: .first)
            try await withThrowingTaskGroup(of: [Int?].self) { group in
                for index in 0..<6 {
                    let reader = try await (index.isMultiple(of: 2) ? bus : other).read(log, from: .first)
                    group.addTask {
                        #expect(try await reader.receive() == .caughtUp)
                        return try await reader.receiveNumbers(300)
                    }
                }
                for number in 0..<300 { try await bus.append(payload(number), to: log) }
                for try await numbers in group { #expect(numbers == Array(0..<300)) }
            }
            #expect(try await slow.receive() == .caughtUp)
            #expect(try await slow.receiveNumbers(300) == Array(0..<300))
            try await slow.expectSilence()
        }
    }

    /// Readers that leave while entries are on their way to them cost nobody else the connection.
    @Test(arguments: BusFactory.all)
    func readersComeAndGo(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(600)))
            let steady = try await bus.read(log, from: .end)
            #expect(try await steady.receive() == .caughtUp)
            for _ in 0..<40 {
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 0..<5 { group.addTask { await (try await bus.read(log, from: .first)).close() } }
                }
            }
            try await bus.append(payload(1), to: log)
            guard case .entry(let entry) = try await steady.receive() else {
                Issue.record("no entry")
                return
            }
            #expect(entry.payload.number == 1)
        }
    }

    /// The log keeps its newest part without a hole, whether anybody reads or not.
    @Test(arguments: BusFactory.all)
    func oldEntriesGoWhenTheLogIsFull(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, LogOptions(maximumBytes: 2_000_000, minimumAge: .seconds(600)))
            let behind = try await bus.read(log, from: .first)
            #expect(try await behind.receive() == .caughtUp)
            for number in 0..<600 {
                var entry = payload(number)
                entry.writeRepeatingByte(UInt8(ascii: "x"), count: 10_000 - entry.readableBytes)
                try await bus.append(entry, to: log)
            }
            // A broker may take a moment to drop what is too much.
            let end = ContinuousClock.now + deadline
            var kept: [Int?] = []
            repeat {
                let reader = try await bus.read(log, from: .first)
                kept = try await reader.receiveAll().map(\.payload.number)
                await reader.close()
            } while kept.count > 200 && ContinuousClock.now < end
            let first = try #require(kept.first ?? nil)
            #expect(kept == Array(first..<600))
            #expect((100...200).contains(kept.count))

            // The reader that fell behind sees a hole by its own numbers, and goes on behind it.
            var numbers: [Int] = []
            while numbers.last != 599 { numbers.append(try #require(try await behind.receiveEntry().payload.number)) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(numbers.suffix(100) == Array(500..<600))
        }
    }

    @Test(arguments: BusFactory.all)
    func missingLogIsAnError(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            await #expect(throws: BusError.noSuchLog(log)) { try await bus.append(payload(1), to: log) }
            await #expect(throws: BusError.noSuchLog(log)) { _ = try await bus.read(log, from: .first) }
            try await bus.deleteLog(log)
        }
    }

    @Test(arguments: BusFactory.all)
    func declarationWithOtherOptionsIsRefused(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            try await bus.append(payload(1), to: log)
            try await bus.declareLog(log, options)
            await #expect(throws: BusError.declaredDifferently(log)) {
                try await bus.declareLog(log, LogOptions(maximumBytes: 1 << 20, minimumAge: .seconds(600)))
            }
            let reader = try await bus.read(log, from: .first)
            #expect(try await reader.receiveAll().count == 1)
        }
    }

    @Test(arguments: BusFactory.all)
    func deletionEndsReaders(factory: BusFactory) async throws {
        try await factory.run { scene in
            let bus = try await scene.client()
            let log = await scene.name()
            try await bus.declareLog(log, options)
            try await bus.append(payload(1), to: log)
            let reader = try await bus.read(log, from: .end)
            #expect(try await reader.receive() == .caughtUp)
            async let waiting = Result<LogReading?, BusError>.of { try await within { try await reader.next() } }
            try await Task.sleep(for: .milliseconds(50))
            try await bus.deleteLog(log)
            #expect(await waiting == .failure(.noSuchLog(log)))
            await #expect(throws: BusError.noSuchLog(log)) { try await within { try await reader.next() } }

            // A new log of this name begins empty, and has nothing to do with the old reader.
            try await bus.declareLog(log, options)
            try await bus.append(payload(2), to: log)
            await #expect(throws: BusError.noSuchLog(log)) { try await within { try await reader.next() } }
            let fresh = try await bus.read(log, from: .first)
            #expect(try await fresh.receiveAll().map(\.payload.number) == [2])
        }
    }
}
