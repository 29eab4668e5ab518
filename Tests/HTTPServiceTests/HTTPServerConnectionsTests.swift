import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HTTPService

/// What connections that meet a limit see of the server.
struct HTTPServerConnectionsTests {
    private static let hello = HTTPResponderFunction { _, _ in .response(.text("hello")) }

    private func configuration(_ limiter: ConnectionLimiter) -> HTTPServerConfiguration {
        var configuration = HTTPServerConfiguration.quick
        configuration.limiter = limiter
        return configuration
    }

    private func limiter(_ maximum: Int, perAddress: Int) -> ConnectionLimiter {
        ConnectionLimiter(
            listener: "test", maximum: maximum, maximumPerAddress: perAddress, logger: LogLines().logger)
    }

    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func whoHasNoPlaceIsToldSo() async throws {
        try await withServer([Self.hello], configuration: configuration(limiter(2, perAddress: 2))) { server in
            let first = try await server.connect()
            let second = try await server.connect()
            for client in [first, second] {
                try await client.send(get)
                try await client.wait(for: "hello")
            }
            let refused = try await server.connect().untilClosed()
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("Retry-After: 5\r\n"))
            #expect(refused.contains("nosniff"))
            try await first.close()
            var answer = ""
            for _ in 0..<500 where !answer.hasPrefix("HTTP/1.1 200") {
                let client = try await server.connect()
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = try await client.untilClosed()
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(answer.hasPrefix("HTTP/1.1 200"), "the place of a closed connection was not given away again")
        }
    }

    /// Hundreds of connections from one address: a client at another one is answered all the while, and the crowd
    /// costs no more descriptors than it has places.
    @Test func aCrowdFromOneAddressKeepsNobodyOut() async throws {
        let limiter = limiter(100, perAddress: 25)
        try await withServer([Self.hello], configuration: configuration(limiter)) { server in
            let crowd = Crowd()
            try await crowd.connect(150, to: server.port, from: "127.0.0.2", on: server.group)
            for _ in 0..<10 {
                let answer = try await server.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 200"))
            }
            // Connections that just ended may still be counted.
            #expect(limiter.count <= 25 + 10)
            await crowd.leave()
            for _ in 0..<500 where limiter.count > 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(limiter.count == 0)
        }
    }
}

/// Many connections that say nothing.
private final class Crowd: Sendable {
    private let channels = Mutex<[any Channel]>([])

    func connect(_ count: Int, to port: Int, from address: String, on group: any EventLoopGroup) async throws {
        let local = try SocketAddress(ipAddress: address, port: 0)
        for _ in 0..<count {
            let channel = try await ClientBootstrap(group: group).bind(to: local)
                .connect(host: "127.0.0.1", port: port).get()
            channels.withLock { $0.append(channel) }
        }
    }

    func leave() async {
        // Those that were refused are closed already.
        for channel in channels.withLock({ $0 }) { try? await channel.close().get() }
    }
}
