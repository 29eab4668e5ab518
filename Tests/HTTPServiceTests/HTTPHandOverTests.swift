import NIOCore
import NIOPosix
import Testing

@testable import HTTPService

struct HTTPHandOverTests {
    /// Takes a connection over and sends back everything that comes, in capitals.
    private static let source = HTTPResponderFunction { request, _ in
        let takeOver: HTTPHandOver = { channel, request, surplus in
            if request.path == "/refused" { throw ChannelError.operationUnsupported }
            try channel.pipeline.syncOperations.addHandler(Capitals())
            channel.write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"), promise: nil)
            channel.writeAndFlush(Capitals.capitals(surplus), promise: nil)
        }
        return switch request.path {
        case "/later":
            .decide {
                try? await Task.sleep(for: .milliseconds(20))
                return .handOver(takeOver)
            }
        case "/plain": .response(.text("plain"))
        default: .handOver(takeOver)
        }
    }

    private final class Capitals: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        static func capitals(_ bytes: ByteBuffer) -> ByteBuffer {
            ByteBuffer(bytes: bytes.readableBytesView.map { (0x61...0x7A).contains($0) ? $0 - 32 : $0 })
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.channel.writeAndFlush(Self.capitals(unwrapInboundIn(data)), promise: nil)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            let word = event is ChannelShouldQuiesceEvent ? "quiesce" : "input closed"
            let channel = context.channel
            channel.writeAndFlush(ByteBuffer(string: word)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    /// What came behind the head, in the same segment or in later ones, reaches the new owner whole and in order.
    @Test(arguments: ["/m", "/later"])
    func surplusReachesTheNewOwner(path: String) async throws {
        try await withServer([Self.source]) { server in
            let client = try await server.connect()
            try await client.send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.wait(for: "plain")
            try await client.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\nfirst bytes ")
            for number in 0..<50 { try await client.send("more \(number) ") }
            let expected = "FIRST BYTES " + (0..<50).map { "MORE \($0) " }.joined()
            let text = try await client.wait(for: "MORE 49 ")
            #expect(text.hasSuffix("HTTP/1.1 100 Continue\r\n\r\n" + expected))
        }
    }

    /// What begins no request may be another protocol; what nobody knows is a bad request.
    @Test func anotherProtocolIsTakenOver() async throws {
        var configuration = HTTPServerConfiguration()
        configuration.stranger = { firstByte in
            guard firstByte == 3 else { return nil }
            return { channel, _, bytes in
                try channel.pipeline.syncOperations.addHandler(Capitals())
                channel.writeAndFlush(Capitals.capitals(bytes), promise: nil)
            }
        }
        try await withServer([Self.source], configuration: configuration) { server in
            let client = try await server.connect()
            try await client.send("\u{3}first ")
            try await client.wait(for: "\u{3}FIRST ")
            try await client.send("second")
            try await client.wait(for: "\u{3}FIRST SECOND")
            #expect(try await server.exchange("\u{4}first\r\n\r\n").hasPrefix("HTTP/1.1 400"))
        }
    }

    /// While the decision takes time, reading pauses, and nothing that was sent meanwhile is lost.
    @Test func muchSurplusWaitsInTheSocket() async throws {
        try await withServer([Self.source]) { server in
            let client = try await server.connect()
            let chunk = String(repeating: "abcdefgh", count: 128)
            try await client.send("SOURCE /later ICE/1.0\r\n\r\n" + String(repeating: chunk, count: 400))
            try await client.wait { $0.utf8.count == 25 + 400 * 1024 }
            #expect(client.received.hasSuffix(String(repeating: chunk.uppercased(), count: 400)))
        }
    }

    @Test func connectionIsClosedWhereTheOwnerThrows() async throws {
        try await withServer([Self.source]) { server in
            let text = try await server.exchange("PUT /refused HTTP/1.1\r\nHost: a\r\n\r\nabc")
            #expect(text == "")
        }
    }

    @Test func endOfInputBeforeTheDecisionIsReported() async throws {
        try await withServer([Self.source]) { server in
            let client = try await server.connect()
            try await client.send("PUT /later HTTP/1.1\r\nHost: a\r\n\r\nabc")
            try await client.closeOutput()
            #expect(try await client.untilClosed().hasSuffix("ABCinput closed"))
        }
    }

    @Test func ownersAreToldOfShutdown() async throws {
        let counts = CountingMetrics()
        try await withServer([Self.source], metrics: counts) { server in
            let client = try await server.connect()
            try await client.send("PUT /m HTTP/1.1\r\nHost: a\r\n\r\nabc")
            try await client.wait(for: "ABC")
            await server.server.shutdown()
            #expect(try await client.untilClosed().hasSuffix("ABCquiesce"))
        }
        #expect(counts.total.handedOver == 1)
        #expect(counts.total.connectionsClosed == 1)
    }
}
