import Logging
import Synchronization
import Telemetry
import Testing

struct OutageTests {
    private let log = Lines()
    private let start = ContinuousClock.now

    private func outage() -> Outage { Outage("The bus", parts: "connections", level: .error, logger: log.logger) }

    private func after(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func theStartIsALineAndSoIsTheEnd() {
        let outage = outage()
        outage.worked(at: start)
        for number in 0..<30 { outage.failed("no answer", at: after(number)) }
        outage.worked(at: after(30))
        // Not yet: it may come again.
        outage.tick(at: after(39))
        #expect(log.texts == ["error The bus fails: reason=no answer"])
        outage.tick(at: after(40))
        outage.worked(at: after(60))
        outage.tick(at: after(300))
        #expect(
            log.texts == [
                "error The bus fails: reason=no answer", "notice The bus works again: failures=30 lasted=30 s",
            ])
        outage.failed("no answer again", at: after(400))
        #expect(log.texts.count == 3)
        // Over, though nobody looked.
        outage.worked(at: after(401))
        outage.failed("and again", at: after(500))
        #expect(
            log.texts.dropFirst(3) == [
                "notice The bus works again: failures=1 lasted=1 s", "error The bus fails: reason=and again",
            ])
    }

    /// With what was tried, or without.
    @Test func aLineAMinuteTellsThatItGoesOn() {
        let outage = outage()
        for number in 0...600 { outage.failed("try \(number / 5)", at: after(0) + .milliseconds(number * 200)) }
        #expect(
            log.texts == [
                "error The bus fails: reason=try 0",
                "error The bus still fails: failures=301 for=60 s reason=try 60",
                "error The bus still fails: failures=601 for=120 s reason=try 120",
            ])
        for second in 121...240 { outage.tick(at: after(second)) }
        #expect(log.texts.count == 5)
        #expect(log.texts.last == "error The bus still fails: failures=601 for=240 s reason=try 120")
    }

    /// Such as a disk that is nearly full, on which something fits now and then.
    @Test func whatWorksNowAndThenIsOneOutage() {
        let outage = outage()
        for second in stride(from: 0, to: 50, by: 5) {
            outage.failed("full", at: after(second))
            outage.worked(at: after(second + 1))
            outage.tick(at: after(second + 4))
        }
        #expect(log.texts.count == 1)
        outage.worked(at: after(56))
        #expect(log.texts.last == "notice The bus works again: failures=10 lasted=46 s")
    }

    /// Of three connections all have to stand.
    @Test func allPartsHaveToWork() {
        let outage = outage()
        outage.failed("lost", part: "one", at: after(0))
        outage.failed("lost", part: "two", at: after(1))
        outage.worked(part: "one", at: after(2))
        outage.tick(at: after(30))
        #expect(log.texts == ["error The bus fails: connections=one reason=lost"])
        outage.worked(part: "two", at: after(31))
        outage.worked(part: "two", at: after(50))
        #expect(log.texts.last == "notice The bus works again: connections=one, two failures=2 lasted=31 s")
    }

    /// It was away, and is back with another password: somebody has to know.
    @Test func anotherKindIsALineOfItsOwn() {
        let outage = outage()
        for second in 0..<20 {
            outage.failed("lost", at: after(second))
            outage.failed("wrong password", kind: "refused", at: after(second))
        }
        #expect(log.texts == ["error The bus fails: reason=lost", "error The bus fails: reason=wrong password"])
    }
}

/// What was logged, as text.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var texts: [String] { lines.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            let text = "\(event.level) \(event.message): \(metadata.joined(separator: " "))"
            lines.lines.withLock { $0.append(text) }
        }
    }
}
