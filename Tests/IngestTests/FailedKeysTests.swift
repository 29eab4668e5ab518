import HTTPService
import Testing

@testable import Ingest

struct FailedKeysTests {
    private static let second: Int64 = 1_000_000_000

    private func client(_ text: String) throws -> FailedKeys.Client {
        FailedKeys.Client(try #require(IPAddress(text)))
    }

    /// Typing errors cost nothing; whoever goes on waits longer and longer, but never long.
    @Test func theDelayGrowsAndIsBounded() throws {
        var keys = FailedKeys()
        let client = try client("192.0.2.1")
        var delays: [Duration] = []
        for _ in 0..<100 {
            delays.append(keys.delay(of: client, at: 0))
            _ = keys.failed(client, reason: "", at: 0)
        }
        #expect(delays.prefix(9).map { $0 / .milliseconds(1) } == [0, 0, 0, 250, 500, 1000, 2000, 4000, 5000])
        #expect(delays.max() == FailedKeys.longestDelay)
        #expect(keys.delay(of: try self.client("192.0.2.2"), at: 0) == .zero)
        #expect(keys.delay(of: client, at: 3_000 * Self.second) == .zero)
        #expect(keys.delay(of: client, at: .max) == .zero)
    }

    /// A subscriber has a whole /64 of IPv6, and one address of IPv4, however it is written.
    @Test func aClientIsAnAddressOrA64() throws {
        #expect(try client("2001:db8::1") == client("2001:db8::ffff:1"))
        #expect(try client("2001:db8:0:1::1") != client("2001:db8:0:2::1"))
        #expect(try client("192.0.2.1") != client("192.0.2.2"))
        #expect(try client("::ffff:192.0.2.1") == client("192.0.2.1"))
        #expect(try "\(client("2001:db8::1"))" == "2001:db8::/64")
    }

    /// A line for each refusal, few a minute and client; what came beyond them is counted, and told also when nothing
    /// more comes.
    @Test func fewLinesAMinute() throws {
        var keys = FailedKeys()
        let client = try client("192.0.2.1")
        for number in 1...FailedKeys.linesAMinute {
            #expect(
                keys.failed(client, reason: "\(number)", at: 0)
                    == FailedKeys.Line(client: "192.0.2.1", count: 1, reason: "\(number)"))
        }
        for step: Int64 in 1..<600 { #expect(keys.failed(client, reason: "b", at: step * Self.second / 10) == nil) }
        #expect(keys.lines(at: 59 * Self.second).isEmpty)
        #expect(
            keys.lines(at: 60 * Self.second) == [FailedKeys.Line(client: "192.0.2.1", count: 599, reason: "b")])
        #expect(
            keys.failed(client, reason: "c", at: 61 * Self.second)
                == FailedKeys.Line(client: "192.0.2.1", count: 1, reason: "c"))
        #expect(keys.count == 1)
        #expect(keys.lines(at: 10_000 * Self.second).isEmpty)
        #expect(keys.count == 0)
    }

    /// The table is bounded: whose failure is oldest is forgotten.
    @Test func theTableIsBounded() {
        var keys = FailedKeys()
        for number in 0..<(FailedKeys.capacity + 500) {
            _ = keys.failed(
                FailedKeys.Client(IPAddress(high: UInt64(number) << 1 | 1 << 62, low: 0)), reason: "", at: Int64(number)
            )
        }
        #expect(keys.count == FailedKeys.capacity)
        #expect(keys.lines(at: 70 * Self.second).isEmpty)
    }
}
