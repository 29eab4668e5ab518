import Testing

@testable import Persistence

struct ReachabilityTests {
    private let start = ContinuousClock.now
    private let away = SQLError(.unavailable, "away")

    @Test func aServerThatIsAwayIsWaitedForWithGrowingPauses() throws {
        let reachability = Reachability(limit: .seconds(5))
        var now = start
        var pauses: [Duration] = []
        for _ in 0..<8 {
            try reachability.permitAttempt(at: now)
            guard case .tryAgain(let pause) = reachability.failed(away, at: now) else { break }
            pauses.append(pause)
            now = now.advanced(by: pause)
        }
        let expected = [50, 100, 200, 400, 800, 1000].map { Duration.milliseconds($0) }
        #expect(Array(pauses.prefix(6)) == expected)
        #expect(reachability.failed(away, at: start.advanced(by: .seconds(6))) == .giveUp)
    }

    @Test func aServerThatStaysAwayIsAskedOnceASecondByAllTogether() throws {
        let reachability = Reachability(limit: .seconds(5))
        for _ in 0..<10 { _ = reachability.failed(away, at: start) }
        let later = start.advanced(by: .seconds(10))
        try reachability.permitAttempt(at: later)
        let error = #expect(throws: SQLError.self) { try reachability.permitAttempt(at: later) }
        #expect(error?.code == .unavailable)
        try reachability.permitAttempt(at: later.advanced(by: .seconds(1)))
        reachability.succeeded()
        try reachability.permitAttempt(at: later.advanced(by: .seconds(1)))
    }

    @Test func whomTheServerRefusesDoesNotAskAgainAtOnce() {
        let reachability = Reachability(limit: .seconds(5))
        #expect(reachability.failed(SQLError(.accessDenied, "no"), at: start) == .giveUp)
    }
}
