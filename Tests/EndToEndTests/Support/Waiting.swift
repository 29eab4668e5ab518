import Foundation

/// Seconds of a clock that nobody sets.
enum Moment {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// How much longer than on an idle machine something may take that has to come. It costs time only where it does not.
let patience = 3.0

/// Asks again and again until there is an answer.
func eventually<Value>(
    _ what: String, within seconds: Double = 10, every interval: Double = 0.05,
    _ body: () async throws -> Value?
) async throws -> Value {
    let deadline = Moment.now + seconds * patience
    while true {
        if let value = try await body() { return value }
        guard Moment.now < deadline else { throw TestFailure("not within \(seconds * patience) s: \(what)") }
        try await Task.sleep(for: .seconds(interval))
    }
}

/// Runs what blocks on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
}
