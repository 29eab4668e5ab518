import Logging
import NIOCore
import NIOPosix
import Testing

@testable import HTTPService

struct HTTPServerTests {
    /// Answers with what it saw; `/big` is larger than any socket's buffer.
    private static let echo = HTTPResponderFunction { request, context in
        switch request.path {
        case "/big": .response(HTTPResponse(body: ByteBuffer(repeating: 0x62, count: 1 << 20)))
        case "/pass": .pass
        case "/slow":
            .future(
                context.eventLoop.scheduleTask(in: .milliseconds(30)) { HTTPResponse.text("slow") }.futureResult)
        case "/done": .future(context.eventLoop.makeSucceededFuture(.text("done")))
        case "/failing": .future(context.eventLoop.makeFailedFuture(ChannelError.eof))
        case "/async": .async { .text("async") }
        case "/decide": .decide { .body(limit: 10) { _, body in .text("decided \(String(buffer: body))") } }
        case "/body":
            .body(limit: 20) { request, body in .text("\(request.method.rawValue) [\(String(buffer: body))]") }
        default: .response(.text("\(request.method.rawValue) \(request.path) \(request.query ?? "-")"))
        }
    }

    private func get(_ path: String, _ fields: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test func connectionIsKeptForManyRequests() async throws {
        try await withServer([Self.echo]) { server in
            let client = try await server.connect()
            for number in 0..<20 {
                try await client.send(get("/\(number)?q"))
                try await client.wait(for: "GET /\(number) q")
            }
            #expect(!client.isClosed)
            try await client.send(get("/last", "Connection: close\r\n"))
            let text = try await client.untilClosed()
            #expect(text.contains("Connection: close\r\n\r\nGET /last -"))
            #expect(text.components(of: "HTTP/1.1 200 OK").count == 22)
        }
    }

    /// Held, immediate and async answers leave in the order of their requests.
    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer([Self.echo]) { server in
            let paths = ["/slow", "/a", "/async", "/done", "/big", "/slow", "/b", "/failing", "/c"]
            let text = try await server.exchange(paths.map { get($0) }.joined() + get("/end", "Connection: close\r\n"))
            let bodies = text.components(of: "\r\n\r\n").dropFirst().map { String($0.prefix(8)) }
            let expected = [
                "slow", "GET /a -", "async", "done", "bbbbbbbb", "slow", "GET /b -", "{\"type\":", "GET /c -",
                "GET /end",
            ]
            #expect(bodies.count == expected.count)
            for (body, expected) in zip(bodies, expected) { #expect(body.hasPrefix(expected)) }
            #expect(text.contains("HTTP/1.1 500 "))
        }
    }

    @Test func requestMayComeInPiecesOfOneByte() async throws {
        try await withServer([Self.echo]) { server in
            let client = try await server.connect()
            for byte in (get("/x") + "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").utf8 {
                try await client.send(ByteBuffer(bytes: [byte]))
            }
            try await client.wait { $0.contains("GET /x -") && $0.contains("POST [abc]") }
        }
    }

    @Test func headIsGetWithoutBody() async throws {
        try await withServer([Self.echo]) { server in
            let text = try await server.exchange("HEAD /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(text.contains("Content-Length: 1048576\r\n"))
            #expect(text.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func nobodyAnsweringIsNotFound() async throws {
        try await withServer([Self.echo, HTTPResponderFunction { _, _ in .pass }]) { server in
            let text = try await server.exchange(get("/pass", "Connection: close\r\n"))
            #expect(text.hasPrefix("HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\n"))
            #expect(text.contains("Access-Control-Allow-Origin: *"))
        }
    }

    @Test func secondResponderIsAskedAfterTheFirst() async throws {
        let second = HTTPResponderFunction { _, _ in .response(.text("second")) }
        try await withServer([Self.echo, second]) { server in
            let text = try await server.exchange(get("/pass", "Connection: close\r\n"))
            #expect(text.hasSuffix("\r\n\r\nsecond"))
        }
    }

    @Test func preflightIsAnsweredBelowItsPrefix() async throws {
        try await withServer([CrossOriginPreflight(below: "/hls/"), Self.echo]) { server in
            let text = try await server.exchange("OPTIONS /hls/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(text.contains("\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"))
            #expect(text.contains("Access-Control-Allow-Origin: *\r\n"))
            let other = try await server.exchange("OPTIONS /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(other.hasPrefix("HTTP/1.1 200"))
        }
    }

    private static let badRequests: [(text: String, status: Int)] = [
        (
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled ",
            400
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        ("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/3.0\r\n\r\n", 505), ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("POST /body HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417),
        ("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        ("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n012345678901234567890\r\n", 413),
        ("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n", 413),
        ("\u{16}\u{3}\u{1}hello TLS", 400),
    ]

    /// Refusals reach the client although it is still sending, and end the connection.
    @Test(arguments: badRequests)
    func badRequestsEndTheConnection(text: String, status: Int) async throws {
        try await withServer([Self.echo], configuration: .quick) { server in
            let answer = try await server.exchange(text + String(repeating: "x", count: 20_000))
            #expect(answer.contains("HTTP/1.1 \(status) "))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(!answer.contains("smuggled"))
        }
    }

    @Test func tooLargeHeadsAreRefused() async throws {
        try await withServer([Self.echo], configuration: .quick) { server in
            let text = try await server.exchange(get("/", "X: \(String(repeating: "a", count: 9000))\r\n"))
            #expect(text.hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func bodiesAreCollected() async throws {
        try await withServer([Self.echo]) { server in
            let client = try await server.connect()
            try await client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n01234567890123456789")
            try await client.wait(for: "POST [01234567890123456789]")
            try await client.send("PUT /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            try await client.send("2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n" + get("/next"))
            try await client.wait { $0.contains("PUT [abcde]") && $0.contains("GET /next -") }
            try await client.send("DELETE /body HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.wait(for: "DELETE []")
            try await client.send("POST /decide HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok" + get("/after"))
            try await client.wait { $0.contains("decided ok") && $0.contains("GET /after -") }
        }
    }

    /// A body that nobody wants is read over, and the next request is found behind it.
    @Test func unwantedBodiesAreReadOver() async throws {
        try await withServer([Self.echo]) { server in
            let client = try await server.connect()
            let body = String(repeating: "GET /smuggled HTTP/1.1\r\n\r\n", count: 1000)
            try await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            try await client.send(
                "POST /async HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n")
            try await client.send(get("/b", "Connection: close\r\n"))
            let text = try await client.untilClosed()
            #expect(text.components(of: "HTTP/1.1 200 OK").count == 4)
            #expect(!text.contains("smuggled"))
            #expect(text.hasSuffix("GET /b -"))
        }
    }

    @Test func hugeUnwantedBodiesEndTheConnection() async throws {
        try await withServer([Self.echo], configuration: .quick) { server in
            let text = try await server.exchange("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\nabc")
            #expect(text.hasPrefix("HTTP/1.1 200 OK"))
            #expect(text.contains("Connection: close"))
            let chunked =
                "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"
                + String(repeating: "x", count: 100_000)
            #expect(try await server.exchange(chunked).hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func expectationIsAnsweredWhereTheBodyIsWanted() async throws {
        try await withServer([Self.echo], configuration: .quick) { server in
            let client = try await server.connect()
            try await client.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n")
            try await client.wait { $0 == "HTTP/1.1 100 Continue\r\n\r\n" }
            try await client.send("abc")
            try await client.wait(for: "POST [abc]")
            // Where it is not wanted, there is no 100, and no doubt about what follows: the connection ends.
            let refused = try await server.exchange(
                "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
            #expect(refused.hasPrefix("HTTP/1.1 200 OK"))
            #expect(refused.contains("Connection: close"))
            let large = try await server.exchange(
                "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\nExpect: 100-continue\r\n\r\n")
            #expect(large.hasPrefix("HTTP/1.1 413 "))
            // A client that did not wait gets no 100 (RFC 9110 §10.1.1).
            let impatient = try await server.connect()
            try await impatient.send(
                "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
            #expect(try await impatient.wait(for: "POST [abc]").hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func oldClientsAreUnderstood() async throws {
        try await withServer([Self.echo]) { server in
            let closing = try await server.exchange("GET /x HTTP/1.0\r\n\r\n")
            #expect(closing.contains("Connection: close\r\n\r\nGET /x -"))
            let client = try await server.connect()
            try await client.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            try await client.wait(for: "Connection: keep-alive\r\n\r\nGET /x -")
            try await client.send("GET /y HTTP/1.0\r\n\r\n")
            #expect(try await client.untilClosed().hasSuffix("GET /y -"))
        }
    }

    /// A client that closes its side after its requests still gets all answers.
    @Test func halfClosedClientsGetTheirAnswers() async throws {
        try await withServer([Self.echo], configuration: .quick) { server in
            let client = try await server.connect()
            try await client.send(get("/slow") + get("/big") + get("/big") + get("/async") + get("/z"))
            try await client.closeOutput()
            let text = try await client.untilClosed()
            #expect(text.components(of: "HTTP/1.1 200 OK").count == 6)
            #expect(text.hasSuffix("GET /z -"))
            let unfinished = try await server.connect()
            try await unfinished.send("GET / HT")
            try await unfinished.closeOutput()
            #expect(try await unfinished.untilClosed() == "")
        }
    }

    @Test func countsAreReported() async throws {
        let counts = CountingMetrics()
        try await withServer([Self.echo], metrics: counts) { server in
            _ = try await server.exchange(
                get("/a") + get("/pass") + get("/failing") + get("/b", "Connection: close\r\n"))
        }
        let total = counts.total
        #expect(total.requests == 4)
        #expect(total.successful == 2)
        #expect(total.clientErrors == 1)
        #expect(total.serverErrors == 1)
        #expect(total.connectionsOpened == 1)
        #expect(total.connectionsClosed == 1)
        #expect(total.responseBytes > 400)
    }

    @Test func busyPortIsNamed() async throws {
        try await withServer([Self.echo]) { first in
            let second = HTTPServer(
                host: "127.0.0.1", port: first.port, group: first.group, responders: [],
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let error = await #expect(throws: HTTPServerError.self) { try await second.start() }
            #expect(error == .addressInUse(host: "127.0.0.1", port: first.port))
            #expect(error?.description.contains("\(first.port)") == true)
            await #expect(throws: HTTPServerError.alreadyStarted) { try await second.start() }
        }
    }
}

extension String {
    /// The pieces between occurrences of `separator`.
    func components(of separator: String) -> [Substring] {
        var pieces: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return pieces + [rest]
    }
}
