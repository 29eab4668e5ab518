import NIOCore
import Synchronization
import Testing

@testable import HTTPService

/// What a server gives out again by itself, and when it stops.
@Suite(.timeLimit(.minutes(1))) struct HTTPLeaseTests {
    /// Answers every path with its name, and counts how often it was asked.
    private final class Responder: HTTPResponder {
        let lease = HTTPLease()
        private let asked = Mutex<[String]>([])

        var paths: [String] { asked.withLock { $0 } }

        func respond(to request: HTTPRequest, in context: HTTPContext) -> HTTPAnswer {
            asked.withLock { $0.append(request.path) }
            return .leased(
                HTTPResponse(
                    contentType: "audio/mp4", body: ByteBuffer(string: "body of \(request.path)"), entityTag: "v1",
                    allowsRanges: true), lease)
        }
    }

    private func get(_ path: String, method: String = "GET", fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Connection: close\r\n\r\n"
    }

    private func expect(_ server: TestServer, _ request: String, endsWith end: String) async throws {
        let answer = try await server.exchange(request)
        #expect(answer.hasSuffix(end))
    }

    @Test func aLeasedResponseIsGivenOutUntilItIsRevoked() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            for _ in 0..<3 { try await expect(server, get("/a/1.m4s"), endsWith: "body of /a/1.m4s") }
            #expect(responder.paths == ["/a/1.m4s"])
            try await expect(server, get("/a/2.m4s"), endsWith: "body of /a/2.m4s")
            #expect(responder.paths.count == 2)
            responder.lease.revoke()
            for _ in 0..<2 { try await expect(server, get("/a/1.m4s"), endsWith: "body of /a/1.m4s") }
            #expect(responder.paths.count == 4, "a revoked lease keeps nothing")
        }
    }

    @Test func aKeptResponseTakesEveryForm() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            try await expect(server, get("/a"), endsWith: "body of /a")
            let head = try await server.exchange(get("/a", method: "HEAD"))
            #expect(head.contains("Content-Length: 10\r\n") && head.hasSuffix("\r\n\r\n"))
            try await expect(server, get("/a", fields: "Range: bytes=0-3\r\n"), endsWith: "\r\n\r\nbody")
            let unchanged = try await server.exchange(get("/a", fields: "If-None-Match: \"v1\"\r\n"))
            #expect(unchanged.hasPrefix("HTTP/1.1 304"))
            let pipelined = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/a")
            let both = try await server.exchange(pipelined)
            #expect(both.components(of: "body of /a") == 2)
            #expect(responder.paths.count == 1)
        }
    }

    /// A query, another method or an unusual path may mean something that the responder has to see.
    @Test func onlyPlainPathsAreKept() async throws {
        let responder = Responder()
        try await withServer([responder]) { server in
            for _ in 0..<2 {
                _ = try await server.exchange(get("/a?x=1"))
                _ = try await server.exchange(get("/a%20b"))
                _ = try await server.exchange(get("/a", method: "POST", fields: "Content-Length: 0\r\n"))
            }
            #expect(responder.paths.count == 6)
            _ = try await server.exchange(get("/a"))
            _ = try await server.exchange(get("/a?x=1"))
            #expect(responder.paths.count == 8)
        }
    }

    @Test func whatIsKeptIsBoundedAndLetGo() throws {
        var kept = HTTPKeptResponses()
        let (first, second) = (HTTPLease(), HTTPLease())
        func head(_ path: String) throws -> HTTPRequestHead {
            var (bytes, parser) = (ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"), HTTPHeadParser())
            return try #require(try parser.next(from: &bytes))
        }
        for number in 0..<(HTTPKeptResponses.maximumCount + 10) {
            kept.keep(HTTPResponse(), number % 2 == 0 ? first : second, for: try head("/\(number)"))
            #expect(kept.count <= HTTPKeptResponses.maximumCount)
        }
        let before = kept.count
        first.revoke()
        kept.removeRevoked()
        #expect(kept.count == before / 2)
        #expect(!first.takeUse())
        let newest = try head("/x")
        kept.keep(HTTPResponse(), second, for: newest)
        #expect(!second.takeUse())
        #expect(kept.response(for: newest) != nil)
        #expect(second.takeUse())
        #expect(!second.takeUse())
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}
