import NIOCore
import Testing

@testable import HTTPService

/// Long lists in header fields are read in one pass, and of their members a bounded number counts.
@Suite(.serialized) struct HTTPFieldListTests {
    /// Fields that somebody may read as a list, and a member of each.
    private static let lists = [
        ("If-None-Match", "\"x\","), ("If-None-Match", "W/\"\","), ("If-Match", "\"x\","), ("Accept-Encoding", "x,"),
        ("Accept-Encoding", "x;q=0,"), ("Accept-Encoding", "x;x;x;x;x;"), ("Connection", "x,"),
        ("Connection", "close,"), ("Accept", "a/b,"), ("Accept", "a;"), ("Range", "bytes=0-1,"), ("Range", "bytes="),
        ("If-Range", "\"x\","), ("X-Forwarded-For", "10.0.0.1,"), ("X-Forwarded-For", ","),
        ("X-Forwarded-Proto", "https,"), ("X-Forwarded-Host", "a,"), ("Forwarded", "for=10.0.0.1,"),
        ("Forwarded", "for=a;"), ("Forwarded", "\","), ("Cookie", "a=b;"), ("Cache-Control", "a,"), ("Upgrade", "x,"),
        ("Sec-WebSocket-Protocol", "x,"), ("Accept-Language", "a,"), ("TE", "a,"), ("Via", "a,"),
    ]

    private static let size = 7900

    private func bytes(_ name: String, _ value: String, lines: Int = 1) -> ByteBuffer {
        let length = Self.size / lines - (lines > 1 ? name.utf8.count + 4 : 0)
        let repeated = String(repeating: value, count: length / value.utf8.count + 1).prefix(length)
        var text = "GET /a HTTP/1.1\r\nHost: a\r\n"
        if name != "Range" { text += "Range: bytes=0-1\r\n" }
        for _ in 0..<lines { text += "\(name): \(repeated)\r\n" }
        return ByteBuffer(string: text + "\r\n")
    }

    private let response = HTTPResponse(
        body: ByteBuffer(string: "0123456789"), compressedBody: ByteBuffer(string: "0123"), entityTag: "v1",
        allowsRanges: true)
    private let plain = HTTPResponse(
        body: ByteBuffer(string: "0123456789"), compressedBody: ByteBuffer(string: "0123"), entityTag: "v1")

    /// What the server does with a head, whoever sent it.
    private func answer(_ bytes: ByteBuffer) throws {
        let proxies = TrustedProxies([try #require(AddressRange("10.0.0.0/8"))])
        var (bytes, parser) = (bytes, HTTPHeadParser())
        let head = try #require(try parser.next(from: &bytes))
        let request = HTTPRequest(
            head: head, peerAddress: IPAddress(v4: 0x0A00_0001), peerPort: 1, proxies: proxies)
        for response in [response, plain] {
            var written = ByteBuffer()
            _ = response.write(into: &written, for: request.head, dateLine: ByteBuffer(), keepsAlive: head.keepsAlive)
        }
        _ = head.lists("text/html", in: "accept")
        _ = head.lists("websocket", in: "upgrade")
        _ = head.lists("chat", in: "sec-websocket-protocol", ignoringCase: false)
    }

    private func cost(_ bytes: ByteBuffer) throws -> Duration {
        let clock = ContinuousClock()
        return try (0..<2).map { _ in try clock.measure { try answer(bytes) } }.min() ?? .zero
    }

    /// Compared with a field of the same size that nobody reads; on the build of November some took fifty times as long.
    @Test func aListCostsWhatAnOpaqueFieldCosts() async throws {
        let opaque = try cost(bytes("X-Padding", "x"))
        for (name, member) in Self.lists {
            let list = bytes(name, member)
            // What else the machine does may hit one of the two.
            let isCheap = try (0..<5).contains { _ in try cost(list) < opaque * 5 }
            #expect(isCheap, "\(name) of \(member)")
            // Other tests share these threads.
            await Task.yield()
        }
    }

    @Test(arguments: [1, 30]) func membersBehindTheFirstDoNotCount(lines: Int) throws {
        for (name, member) in [("If-None-Match", "\"x\","), ("Accept-Encoding", "x,"), ("Accept", ",")] {
            var (bytes, parser) = (bytes(name, member, lines: lines), HTTPHeadParser())
            let head = try #require(try parser.next(from: &bytes))
            var count = 0
            head.forEachMember(of: name.lowercased(), from: Int(head.fieldsStart)) { _, _ in
                count += 1
                return true
            }
            #expect(count <= HTTPRequestHead.maximumMembers)
            #expect(member == "," || count == HTTPRequestHead.maximumMembers)
        }
    }

    private func head(_ fields: String) throws -> HTTPRequestHead {
        var (bytes, parser) = (ByteBuffer(string: "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"), HTTPHeadParser())
        return try #require(try parser.next(from: &bytes))
    }

    @Test func membersAreFoundInAnyLine() throws {
        let head = try head("Accept: a/b\r\naccept:  ,\t text/HTML ; q=0.9,x\r\nUpgrade: h2c, WebSocket\r\n")
        #expect(head.lists("text/html", in: "accept"))
        #expect(head.lists("x", in: "accept"))
        #expect(!head.lists("html", in: "accept"))
        #expect(head.lists("websocket", in: "upgrade"))
        #expect(!head.lists("websocket", in: "upgrade", ignoringCase: false))
        #expect(!head.lists("a", in: "host-list"))
    }

    /// A comma in quotes belongs to the tag, and tags may be spread over lines.
    @Test(arguments: [
        ("If-None-Match: \"a,b\"\r\n", "\"a,b\"", true), ("If-None-Match: \"x,\"v1\"\"\r\n", "\"v1\"", false),
        ("If-None-Match: \"v0\"\r\nAccept: a\r\nIf-None-Match: W/\"v1\"\r\n", "\"v1\"", true),
    ])
    func entityTagsMayHaveCommas(fields: String, tag: String, isThere: Bool) throws {
        #expect(try head(fields).ifNoneMatchHas(tag) == isThere)
    }

    /// Whatever a client writes in front, the proxy's own word stands last.
    @Test func theClientIsFoundBehindThousandsOfForgedAddresses() throws {
        let forged = String(repeating: "10.9.9.9,", count: 800)
        for field in ["X-Forwarded-For: \(forged)198.51.100.7", "Forwarded: \(forged)for=198.51.100.7;proto=https"] {
            let request = HTTPRequest(
                head: try head(field + "\r\n"), peerAddress: IPAddress(v4: 0x0A00_0001), peerPort: 1,
                proxies: TrustedProxies([try #require(AddressRange("10.0.0.0/8"))]))
            #expect(request.clientAddress.description == "198.51.100.7")
        }
    }

    @Test func aQueryAndAPathHaveBoundedParts() throws {
        let query = HTTPQuery(String(repeating: "%61=1&", count: 1000) + "b=2")
        #expect(query["a"] == "1")
        #expect(query["b"] == nil)
        #expect(query.reduce(0) { count, _ in count + 1 } == HTTPQuery.maximumCount)
        #expect(HTTPQuery("x=1&%62%2b+c=2")["b+ c"] == "2")
        #expect(PercentEncoding.pathSegments(String(repeating: "/a", count: 33).utf8) == nil)
        #expect(PercentEncoding.pathSegments(String(repeating: "/a", count: 32).utf8)?.count == 32)
    }
}
