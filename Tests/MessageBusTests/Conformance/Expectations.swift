import MessageBus
import NIOCore
import Testing

struct DeadlineExceeded: Error {}

/// Long enough for a real broker on a busy machine.
let deadline = Duration.seconds(60)

/// Long enough to notice what should not have come.
let silence = Duration.milliseconds(250)

func within<Success: Sendable>(
    _ limit: Duration = deadline, _ operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    try await withThrowingTaskGroup(of: Success.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw DeadlineExceeded()
        }
        defer { group.cancelAll() }
        return try #require(try await group.next())
    }
}

/// Waits until the condition holds.
func eventually(_ condition: @Sendable () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation)
    async throws
{
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        try #require(ContinuousClock.now < end, "the deadline has passed", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(10))
    }
}

actor Tally {
    private(set) var count = 0
    func add() { count += 1 }
}

func payload(_ number: Int) -> ByteBuffer { ByteBuffer(string: String(number)) }

extension ByteBuffer {
    /// The number of ``payload(_:)``, also in front of padding.
    var number: Int? { Int(String(buffer: self).prefix { $0.isNumber }) }
}

extension QueueConsumer {
    /// The next delivery, which must come.
    func receive(sourceLocation: SourceLocation = #_sourceLocation) async throws -> Delivery {
        try #require(try await within { try await self.next() }, sourceLocation: sourceLocation)
    }

    func receive(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        for _ in 0..<count { deliveries.append(try await receive(sourceLocation: sourceLocation)) }
        return deliveries
    }

    func receiveNumbers(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Int?] {
        try await receive(count, sourceLocation: sourceLocation).map(\.payload.number)
    }

    /// Nothing comes for a while. Rests on the cancellation of `next()`, which loses nothing.
    func expectSilence(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            let delivery = try await within(silence) { try await self.next() }
            Issue.record("unexpected: \(String(describing: delivery))", sourceLocation: sourceLocation)
        } catch is DeadlineExceeded {}
    }
}

extension LogReader {
    /// The next entry or end, which must come.
    func receive(sourceLocation: SourceLocation = #_sourceLocation) async throws -> LogReading {
        try #require(try await within { try await self.next() }, sourceLocation: sourceLocation)
    }

    func receiveEntry(sourceLocation: SourceLocation = #_sourceLocation) async throws -> LogEntry {
        guard case .entry(let entry) = try await receive(sourceLocation: sourceLocation) else {
            Issue.record("an entry was expected, not the end", sourceLocation: sourceLocation)
            throw DeadlineExceeded()
        }
        return entry
    }

    func receiveNumbers(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Int?] {
        var numbers: [Int?] = []
        for _ in 0..<count { numbers.append(try await receiveEntry(sourceLocation: sourceLocation).payload.number) }
        return numbers
    }

    /// Everything up to the end that the log had when the reader began.
    func receiveAll() async throws -> [LogEntry] {
        try await within {
            var entries: [LogEntry] = []
            try await self.catchUp { entries.append($0) }
            return entries
        }
    }

    func expectSilence(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        do {
            let reading = try await within(silence) { try await self.next() }
            Issue.record("unexpected: \(String(describing: reading))", sourceLocation: sourceLocation)
        } catch is DeadlineExceeded {}
    }
}
