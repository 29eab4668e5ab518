import HTTPService
import Testing

@testable import Audience

struct AudienceTests {
    private let start = ContinuousClock.now

    private func expect(
        _ audience: inout Audience, after seconds: Int, _ expected: [String: Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let counts = audience.counts(at: start.advanced(by: .seconds(seconds)))
        #expect(counts == expected, sourceLocation: sourceLocation)
    }

    /// Whether the listener is counted.
    private func isSeen(
        _ audience: inout Audience, _ address: IPAddress, name: Int = 0, channel: String = "a", after seconds: Int = 0
    ) -> Bool {
        audience.seen(address, name: name, channel: channel, at: start.advanced(by: .seconds(seconds)))
    }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func listenersAreCountedByChannelUntilTheyAreGone() throws {
        var audience = Audience(Audience.Limits(perAddress: 4))
        let first = try address("192.0.2.1")
        audience.seen(first, name: 1, channel: "a", at: start)
        audience.seen(first, name: 1, channel: "b", at: start)
        audience.seen(try address("192.0.2.2"), name: 1, channel: "a", at: start.advanced(by: .seconds(20)))
        expect(&audience, after: 30, ["a": 2, "b": 1])
        audience.seen(first, name: 1, channel: "a", at: start.advanced(by: .seconds(30)))
        expect(&audience, after: 31, ["a": 2])
        expect(&audience, after: 61, [:])
    }

    @Test func oneAddressIsAFewListeners() throws {
        var audience = Audience(Audience.Limits(perAddress: 4))
        let greedy = try address("192.0.2.1")
        let counted = (0..<5000).filter { isSeen(&audience, greedy, name: $0) }
        #expect(counted == [0, 1, 2, 3])
        let isOtherSeen = isSeen(&audience, try address("192.0.2.2"))
        #expect(isOtherSeen)
        expect(&audience, after: 0, ["a": 5])
        // Its places are free again when those that had them are gone, also before anybody counts.
        let isSeenLater = isSeen(&audience, greedy, name: 9, after: 31)
        #expect(isSeenLater)
    }

    @Test func anIPv6NetworkIsOneAddress() throws {
        var audience = Audience(Audience.Limits(perAddress: 4))
        for host in 0..<1000 {
            audience.seen(
                IPAddress(high: 0x2001_0DB8_0000_0001, low: UInt64(host)), name: host, channel: "a", at: start)
        }
        expect(&audience, after: 0, ["a": 4])
        let isNeighbourSeen = isSeen(&audience, try address("2001:db8:0:2::1"))
        #expect(isNeighbourSeen)
    }

    /// With more channels or networks than there is room for, whoever has most of the table gives way.
    @Test func nobodyFillsTheTable() throws {
        var audience = Audience(Audience.Limits(perAddress: 4, perNetwork: 60, total: 100))
        let first = (0..<40).filter { isSeen(&audience, IPAddress(v4: UInt32($0))) }
        #expect(first.count == 40)
        // An IPv4 address with many channels, and an IPv6 customer with many networks.
        let greedy = try address("192.0.2.1")
        for channel in 0..<1000 { audience.seen(greedy, name: 0, channel: "c\(channel)", at: start) }
        for network in 0..<1000 {
            audience.seen(
                IPAddress(high: 0x2001_0DB8_0001_0000 | UInt64(network), low: 1), name: 0, channel: "b", at: start)
        }
        let counts = audience.counts(at: start)
        #expect(counts["a"] == 40)
        #expect(counts.values.reduce(0, +) == 100)
        // Newcomers get in all the same, and those who were there are still known.
        let newcomers = (40..<60).filter { isSeen(&audience, IPAddress(v4: UInt32($0))) }
        #expect(newcomers.count == 20)
        let later = audience.counts(at: start)
        #expect(later["a"] == 60)
        #expect(later.values.reduce(0, +) == 100)
    }

    /// The number of each network stays right through any order of coming, going and giving way.
    @Test func theBooksStayBalanced() {
        var audience = Audience(Audience.Limits(perAddress: 3, perNetwork: 10, total: 50, lifetime: .seconds(5)))
        var generator = SplitMix(state: 7)
        for step in 0..<20_000 {
            let now = start.advanced(by: .milliseconds(step * 20))
            let address = IPAddress(v4: UInt32.random(in: 0..<40, using: &generator))
            audience.seen(
                address, name: Int.random(in: 0..<5, using: &generator),
                channel: "c\(Int.random(in: 0..<5, using: &generator))", at: now)
            if step % 50 == 0 {
                let counts = audience.counts(at: now)
                #expect(counts.values.allSatisfy { $0 > 0 })
                #expect(counts.values.reduce(0, +) <= 50)
            }
        }
        expect(&audience, after: 500, [:])
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        let mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ (mixed >> 27)
    }
}
