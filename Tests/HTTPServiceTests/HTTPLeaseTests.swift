import Foundation
import NIOCore
import Synchronization
import Testing

@testable import HTTPService

/// What a server gives out again by itself, and when it stops.
@Suite(.timeLimit(.minutes(20))) struct HTTPLeaseTests {
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

    /// Every byte tells its place.
    private static let large = ByteBuffer(
        bytes: (0..<300_007).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })

    /// Large bodies that are often asked for are sent from a file: to those who read at once, and to those who take
    /// their time and get the rest through the channel.
    @Test func largeBodiesArriveWholeFromFiles() async throws {
        let lease = HTTPLease()
        let responder = HTTPResponderFunction { _, _ in
            .leased(HTTPResponse(body: Self.large, entityTag: "v1", allowsRanges: true), lease)
        }
        try await withServer([responder]) { server in
            let slow = try await server.connect(reads: false)
            let rounds = HTTPKeptResponses.minimumUses * 3
            for round in 0..<rounds {
                try await slow.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
                let client = try await server.connect()
                try await client.send(get("/a"))
                _ = try await client.untilClosed()
                #expect(client.body == Self.large, "round \(round)")
            }
            let part = try await server.connect()
            try await part.send(get("/a", fields: "Range: bytes=299000-\r\n"))
            _ = try await part.untilClosed()
            #expect(part.body == Self.large.getSlice(at: 299_000, length: 1007))
            try await slow.closeOutput()
            try await slow.channel?.setOption(.autoRead, value: true).get()
            _ = try await slow.untilClosed()
            #expect(slow.bodies(of: Self.large.readableBytes) == [ByteBuffer](repeating: Self.large, count: rounds))
        }
    }

    @Test func filesAreBoundedAndClosed() throws {
        var kept = HTTPKeptResponses()
        let lease = HTTPLease()
        func head(_ path: String) throws -> HTTPRequestHead {
            var (bytes, parser) = (ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n"), HTTPHeadParser())
            return try #require(try parser.next(from: &bytes))
        }
        func files(_ paths: [String]) throws -> [CInt] {
            try paths.compactMap { path in
                var file: HTTPBodyFile?
                for _ in 0..<HTTPKeptResponses.minimumUses { file = kept.response(for: try head(path))?.file }
                return file?.descriptor
            }
        }
        for size in [HTTPBodyFile.sizes.lowerBound - 1, HTTPBodyFile.sizes.upperBound + 1] {
            kept.keep(HTTPResponse(body: ByteBuffer(repeating: 1, count: size)), lease, for: try head("/\(size)"))
            #expect(try files(["/\(size)"]).isEmpty)
        }
        let paths = (0..<HTTPBodyFile.maximumCount + 3).map { "/a\($0)" }
        for path in paths { kept.keep(HTTPResponse(body: Self.large), lease, for: try head(path)) }
        let descriptors = try files(paths)
        #expect(descriptors.count == HTTPBodyFile.maximumCount)
        func links(_ descriptor: CInt) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
        }
        #expect(descriptors.allSatisfy { links($0)?.contains("memfd:twitchy-response") == true })
        lease.revoke()
        kept.removeRevoked()
        // Other tests may have got a number since then, but hardly all of them.
        #expect(descriptors.count { links($0)?.contains("memfd:twitchy-response") == true } < descriptors.count / 2)
    }

    /// What a loop gives out often becomes its own, as long as there is room, and says the same as before.
    @Test func copiesAreBoundedAndTheSame() throws {
        var kept = HTTPKeptResponses()
        let lease = HTTPLease()
        let body = ByteBuffer(repeating: 7, count: (2 << 20) - 4)
        let response = HTTPResponse(
            contentType: "audio/mp4", body: body, compressedBody: ByteBuffer(string: "less"),
            entityTag: "a tag that is not in the string itself")
        var copies = 0
        for number in 0..<40 {
            var (bytes, parser) = (ByteBuffer(string: "GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n"), HTTPHeadParser())
            let head = try #require(try parser.next(from: &bytes))
            kept.keep(response, lease, for: head)
            for _ in 0..<HTTPKeptResponses.minimumUses { _ = kept.response(for: head) }
            let last = try #require(kept.response(for: head)).response
            if last.storage !== response.storage { copies += 1 }
            #expect(last.entityTag == response.entityTag && last.status.code == 200)
            for (one, other) in [
                (last.storage.identity, response.storage.identity),
                (try #require(last.storage.compressed), try #require(response.storage.compressed)),
            ] {
                #expect(one.head == other.head && one.fields == other.fields && one.entityTag == other.entityTag)
                #expect(one.body == other.body)
            }
        }
        #expect(copies == 32 && kept.bytesOfCopies <= HTTPKeptResponses.maximumBytes)
        lease.revoke()
        kept.removeRevoked()
        #expect(kept.bytesOfCopies == 0)
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        split(separator: text, omittingEmptySubsequences: false).count - 1
    }
}

extension RawClient {
    /// What follows the first head.
    fileprivate var body: ByteBuffer? {
        let view = bytes.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        return ByteBuffer(view[end.upperBound...])
    }

    /// The bodies of answers that all have the same size.
    fileprivate func bodies(of size: Int) -> [ByteBuffer] {
        var (view, bodies) = (bytes.readableBytesView, [ByteBuffer]())
        while let end = view.firstRange(of: Array("\r\n\r\n".utf8)) {
            view = view[end.upperBound...]
            bodies.append(ByteBuffer(view.prefix(size)))
            view = view.dropFirst(size)
        }
        return bodies
    }
}
