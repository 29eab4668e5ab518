import Crypto
import DatabaseTesting
import Events
import HTTPService
import Testing

@testable import AccountService

struct PlayerSessionTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let sessions = PlayerSessions(key: SymmetricKey(size: .bits256))

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    private func make(for address: IPAddress) -> String {
        var generator = SystemRandomNumberGenerator()
        return sessions.make(for: address, at: now, using: &generator)
    }

    @Test func sessionsAreKnownAgainAndToldApart() throws {
        let address = try address("192.0.2.1")
        let names = (0..<100).compactMap { _ in sessions.name(of: make(for: address), from: address, at: now) }
        #expect(Set(names).count == 100)
        let session = make(for: address)
        let name = try #require(sessions.name(of: session, from: address, at: now))
        #expect(sessions.name(of: session, from: address, at: now.advanced(by: .seconds(86_399))) == name)
        #expect(sessions.name(of: session, from: address, at: now.advanced(by: .seconds(86_400))) == nil)
    }

    /// Whoever has one cannot make others of it, nor lend it to other addresses.
    @Test func sessionsCannotBeMadeUp() throws {
        let address = try address("192.0.2.1")
        let session = make(for: address)
        #expect(sessions.name(of: session, from: try self.address("192.0.2.2"), at: now) == nil)
        for index in session.indices {
            var changed = session
            changed.replaceSubrange(index...index, with: changed[index] == "0" ? "1" : "0")
            #expect(sessions.name(of: changed, from: address, at: now) == nil, "\(changed)")
        }
        for text in ["", "x", String(repeating: "0", count: 64), session + "0", session.uppercased() + "é"] {
            #expect(sessions.name(of: text, from: address, at: now) == nil)
        }
        let others = PlayerSessions(key: SymmetricKey(size: .bits256))
        #expect(others.name(of: session, from: address, at: now) == nil)
    }

    /// A phone changes its address within its network.
    @Test func aSessionIsGoodInItsIPv6Network() throws {
        let session = make(for: try address("2001:db8::1"))
        #expect(sessions.name(of: session, from: try address("2001:db8::abcd:2"), at: now) != nil)
        #expect(sessions.name(of: session, from: try address("2001:db8:0:1::1"), at: now) == nil)
    }

    /// A balancer sends beacons to any process of the service.
    @Test(arguments: DatabaseEngine.all)
    func allProcessesKnowTheSessionsOfEach(engine: DatabaseEngine) async throws {
        try await ServiceUnderTest.with(engine) { (test) async throws in
            _ = try await test.service.createChannel(name: "radio", title: "Radio")
            let session = try #require(try await test.beacon(from: "192.0.2.1", isOurs: true))
            #expect(try await test.beacon(from: "192.0.2.1", isOurs: true, session: session) == nil)
            try await test.withCommand { other in
                try await other.prepare()
                let beacon = Beacon(
                    address: try address("192.0.2.1"), userAgent: "", isOurs: true, session: session)
                #expect(try await AccountAPI(service: other).presence(channelNamed: "radio", beacon) == nil)
            }
        }
    }

    /// One client cannot invent listeners, neither with sessions nor without; those of others count all the same.
    @Test func listenersCannotBeInvented() async throws {
        try await ServiceUnderTest.with(.sqlite) { (test) async throws in
            let channel = try await test.service.createChannel(name: "radio", title: "Radio")
            func counted() -> Int? { test.service.listeners.counts()[channel.id] }
            var sessions: [String] = []
            for _ in 0..<80 { sessions.append(try #require(try await test.beacon(from: "192.0.2.1", isOurs: true))) }
            #expect(counted() == nil, "a session that was only asked for is no listener")
            for session in sessions { try await test.beacon(from: "192.0.2.1", isOurs: true, session: session) }
            #expect(counted() == 64)
            for number in 0..<20 { try await test.beacon(from: "192.0.2.1", userAgent: "agent \(number)") }
            #expect(counted() == 68)
            let honest = try #require(try await test.beacon(from: "192.0.2.2", isOurs: true))
            for _ in 0..<3 { try await test.beacon(from: "192.0.2.2", isOurs: true, session: honest) }
            #expect(counted() == 69)
            // One that is over is replaced, and counts for nobody.
            test.advance(by: PlayerSessions.validity)
            #expect(try await test.beacon(from: "192.0.2.3", isOurs: true, session: honest) != nil)
            #expect(counted() == 69)
        }
    }
}
