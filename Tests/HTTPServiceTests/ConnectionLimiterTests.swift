import Logging
import Synchronization
import Testing

@testable import HTTPService

struct ConnectionLimiterTests {
    private func address(_ text: String) -> IPAddress? { IPAddress(text) }

    private func limiter(
        _ maximum: Int, perAddress: Int, unlimited: [String] = [], log: LogLines = LogLines(),
        onRefusal: @escaping @Sendable (ConnectionLimit) -> Void = { _ in }
    ) -> ConnectionLimiter {
        ConnectionLimiter(
            listener: "test", maximum: maximum, maximumPerAddress: perAddress,
            unlimitedAddresses: TrustedProxies(unlimited.compactMap { AddressRange($0) }), logger: log.logger,
            onRefusal: onRefusal)
    }

    @Test func oneAddressDoesNotTakeThePlacesOfOthers() {
        let limiter = limiter(10, perAddress: 3)
        let greedy = (0..<20).map { _ in limiter.enter(address("192.0.2.1")) }
        #expect(greedy.filter { $0 == nil }.count == 3)
        #expect(greedy.last == .address)
        #expect(limiter.enter(address("192.0.2.2")) == nil)
        #expect(limiter.count == 4)
    }

    @Test func thereAreNoMoreConnectionsThanPlaces() {
        let limiter = limiter(10, perAddress: 3)
        let all = (0..<20).map { limiter.enter(address("192.0.2.\($0)")) }
        #expect(all.filter { $0 == nil }.count == 10)
        #expect(all.last == .listener)
        limiter.leave(address("192.0.2.0"))
        #expect(limiter.enter(address("192.0.2.99")) == nil)
        #expect(limiter.enter(address("192.0.2.98")) == .listener)
    }

    /// A host has 2^64 addresses to choose from.
    @Test func anIPv6NetworkIsOneAddress() {
        let limiter = limiter(10, perAddress: 2)
        #expect(limiter.enter(address("2001:db8::1")) == nil)
        #expect(limiter.enter(address("2001:db8::ffff:1")) == nil)
        #expect(limiter.enter(address("2001:db8::abcd:0:0:2")) == .address)
        #expect(limiter.enter(address("2001:db8:0:1::1")) == nil)
        // IPv4 has no such networks, also where it comes over an IPv6 socket.
        #expect(limiter.enter(address("::ffff:192.0.2.1")) == nil)
        #expect(limiter.enter(address("192.0.2.1")) == nil)
        #expect(limiter.enter(address("192.0.2.1")) == .address)
        #expect(limiter.enter(address("192.0.2.2")) == nil)
    }

    /// The connections of a proxy are those of many.
    @Test func trustedProxiesAreLimitedInAllOnly() {
        let limiter = limiter(10, perAddress: 2, unlimited: ["10.0.0.0/8"])
        for _ in 0..<8 { #expect(limiter.enter(address("10.1.2.3")) == nil) }
        #expect(limiter.enter(address("192.0.2.1")) == nil)
        #expect(limiter.enter(address("10.1.2.3")) == nil)
        #expect(limiter.enter(address("10.1.2.3")) == .listener)
        limiter.leave(address("10.1.2.3"))
        #expect(limiter.enter(address("192.0.2.1")) == nil)
    }

    @Test func placesComeBack() {
        let limiter = limiter(4, perAddress: 2)
        for _ in 0..<1000 {
            #expect(limiter.enter(address("192.0.2.1")) == nil)
            #expect(limiter.enter(nil) == nil)
            limiter.leave(address("192.0.2.1"))
            limiter.leave(nil)
        }
        #expect(limiter.count == 0)
    }

    @Test func eachLimitIsLoggedOnceAndCountedAlways() {
        let counts = Mutex<[ConnectionLimit: Int]>([:])
        let log = LogLines()
        let limiter = limiter(3, perAddress: 1, log: log) { limit in counts.withLock { $0[limit, default: 0] += 1 } }
        for _ in 0..<101 { _ = limiter.enter(address("192.0.2.1")) }
        for host in 2..<54 { _ = limiter.enter(address("192.0.2.\(host)")) }
        #expect(counts.withLock { $0 } == [.address: 100, .listener: 50])
        #expect(log.lines.count == 2, "\(log.lines)")
    }
}

/// Keeps what is logged.
final class LogLines: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger { Logger(label: "test", factory: { _ in Handler(lines: self) }) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = event.metadata.map { "\($0)" } ?? ""
            lines.kept.withLock { $0.append("\(event.level) \(event.message) \(metadata)") }
        }
    }
}
