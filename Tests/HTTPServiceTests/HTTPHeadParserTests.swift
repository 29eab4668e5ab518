import NIOCore
import TestSupport
import Testing

@testable import HTTPService

struct HTTPHeadParserTests {
    private func parse(_ text: String, requiresHost: Bool = true) throws -> HTTPRequestHead? {
        var parser = HTTPHeadParser(requiresHost: requiresHost)
        var buffer = ByteBuffer(string: text)
        return try parser.next(from: &buffer)
    }

    private func request(_ fields: String, line: String = "GET / HTTP/1.1") -> String {
        "\(line)\r\nHost: a\r\n\(fields)\r\n"
    }

    /// Every way to split a head into two reads gives the same head, and leaves what follows it.
    @Test func headCanBeSplitAnywhere() throws {
        let text =
            "PUT /live?a=b&c HTTP/1.1\r\nHost: radio.example:8000\r\nIce-Name:  Évening \r\n"
            + "Content-Length: 12\r\nConnection: Keep-Alive, Upgrade\r\n\r\n"
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var parser = HTTPHeadParser()
            var buffer = ByteBuffer(bytes: bytes[..<split])
            if split < bytes.count {
                #expect(try parser.next(from: &buffer) == nil)
                #expect(buffer.readableBytes == split)
            }
            buffer.writeBytes(bytes[split...])
            buffer.writeString("rest")
            let head = try #require(try parser.next(from: &buffer))
            #expect(String(buffer: buffer) == "rest")
            #expect(head.method == .put)
            #expect(head.version == .http11)
            #expect(head.path == "/live")
            #expect(head.query == "a=b&c")
            #expect(head["ice-name"] == "Évening")
            #expect(head["host"] == "radio.example:8000")
            #expect(head.framing == .length(12))
            #expect(head.traits.isSuperset(of: [.connectionKeepAlive, .connectionUpgrade]))
        }
    }

    /// A head that comes byte by byte is found at its last byte, whatever its line ends.
    @Test(arguments: ["\r\n", "\n", "\r\r\n"])
    func headComesByteByByte(lineEnd: String) throws {
        let bytes = Array(["SOURCE /m ICE/1.0", "ice-name: x", "", ""].joined(separator: lineEnd).utf8)
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer()
        for (index, byte) in bytes.enumerated() {
            buffer.writeInteger(byte)
            let head = try parser.next(from: &buffer)
            #expect((head != nil) == (index == bytes.count - 1))
            if let head {
                #expect(head.version == .ice10)
                #expect(head.method == .source)
                #expect(head["ice-name"] == "x")
                #expect(!head.keepsAlive)
            }
        }
        #expect(buffer.readableBytes == 0)
    }

    @Test func pipelinedHeadsComeOneByOne() throws {
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer(
            string: request("", line: "GET /1 HTTP/1.1") + "\r\n" + request("", line: "HEAD /2 HTTP/1.1"))
        #expect(try parser.next(from: &buffer)?.path == "/1")
        let second = try parser.next(from: &buffer)
        #expect(second?.path == "/2")
        #expect(second?.method == .head)
        #expect(second?.fields == [HTTPField("Host", "a")])
        #expect(try parser.next(from: &buffer) == nil)
    }

    @Test func targetsComeInFourForms() throws {
        let absolute = try #require(try parse("GET http://radio.example:81/a/b?c HTTP/1.1\r\nHost: other\r\n\r\n"))
        #expect(absolute.path == "/a/b")
        #expect(absolute.query == "c")
        #expect(absolute.authority == "radio.example:81")
        let bare = try #require(try parse("GET HTTPS://radio.example HTTP/1.1\r\nHost: other\r\n\r\n"))
        #expect(bare.path == "/")
        #expect(bare.authority == "radio.example")
        #expect(bare.rawPath.isEmpty)
        let onlyQuery = try #require(try parse("GET http://radio.example?q=1 HTTP/1.1\r\nHost: other\r\n\r\n"))
        #expect(onlyQuery.path == "/")
        #expect(onlyQuery.query == "q=1")
        #expect(try parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")?.path == "*")
        #expect(try parse("GET /? HTTP/1.1\r\nHost: a\r\n\r\n")?.query == "")
        #expect(try parse("GET /a?b?c=/../ HTTP/1.1\r\nHost: a\r\n\r\n")?.query == "b?c=/../")
    }

    @Test func connectionPersistenceFollowsVersionAndField() throws {
        #expect(try parse(request(""))?.keepsAlive == true)
        #expect(try parse(request("Connection: foo, CLOSE\r\n"))?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.0\r\n\r\n")?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")?.keepsAlive == true)
        #expect(try parse(request("Connection: close\r\nConnection: keep-alive\r\n"))?.keepsAlive == false)
        #expect(try parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n")?.version == .http11)
    }

    /// Values that are not UTF-8 are Latin-1; lookup does not mind the case of names.
    @Test func fieldsAreLookedUpLazily() throws {
        var buffer = ByteBuffer(string: "GET / HTTP/1.0\r\nX-Name: caf")
        buffer.writeBytes([0xE9])
        buffer.writeString("\t \r\nACCEPT:\r\nx-name:2\r\n\r\n")
        var parser = HTTPHeadParser()
        let head = try #require(try parser.next(from: &buffer))
        #expect(head["x-name"] == "café")
        #expect(head.values(of: "x-name") == ["café", "2"])
        #expect(head["accept"] == "")
        #expect(head["accep"] == nil)
        #expect(head["accept-encoding"] == nil)
    }

    /// What two parsers could read in two ways is refused.
    private static let ambiguousFields: [(fields: String, error: HTTPHeadError)] = [
        ("Content-Length: 1\r\nContent-Length: 1\r\n", HTTPHeadError.ambiguousLength),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", .ambiguousLength),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", .ambiguousLength),
        ("Content-Length: -1\r\n", .ambiguousLength),
        ("Content-Length: +1\r\n", .ambiguousLength),
        ("Content-Length: 1, 1\r\n", .ambiguousLength),
        ("Content-Length: 0x10\r\n", .ambiguousLength),
        ("Content-Length: \r\n", .ambiguousLength),
        ("Content-Length: 99999999999999999999\r\n", .ambiguousLength),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .unsupportedTransferCoding),
        ("Transfer-Encoding: identity\r\n", .unsupportedTransferCoding),
        ("Transfer-Encoding: gzip, chunked\r\n", .unsupportedTransferCoding),
        ("Transfer-Encoding: xchunked\r\n", .unsupportedTransferCoding),
        ("Transfer-Encoding : chunked\r\n", .malformedField),
        ("Transfer-Encoding\u{0B}: chunked\r\n", .malformedField),
        (" Transfer-Encoding: chunked\r\n", .foldedField),
        ("X: 1\r\n\tTransfer-Encoding: chunked\r\n", .foldedField),
        ("X: a\rTransfer-Encoding: chunked\r\n", .malformedField),
        ("X: a\u{0}b\r\n", .malformedField),
        ("X: a\u{7F}b\r\n", .malformedField),
        (": x\r\n", .malformedField),
        ("no colon\r\n", .malformedField),
        ("Host: b\r\n", .hostMissingOrRepeated),
        ("Expect: 200-ok\r\n", .unsupportedExpectation),
    ]

    @Test(arguments: ambiguousFields)
    func ambiguousFieldsAreRefused(fields: String, error: HTTPHeadError) {
        #expect(throws: error) { try parse(request(fields)) }
    }

    private static let malformedLines: [(line: String, error: HTTPHeadError)] = [
        ("GET /", HTTPHeadError.malformedTarget), ("GET  / HTTP/1.1", .malformedTarget),
        ("GET / HTTP/2.0", .unsupportedVersion),
        ("GET / HTTP/1.1 ", .malformedRequestLine), ("GET / XTTP/1.1", .unsupportedVersion),
        ("GET / HTTP/11", .unsupportedVersion), ("BREW / HTTP/1.1", .unknownMethod),
        ("CONNECT a:1 HTTP/1.1", .unknownMethod), ("get / HTTP/1.1", .unknownMethod),
        ("GETS / HTTP/1.1", .unknownMethod),
        ("GET x HTTP/1.1", .malformedTarget), ("GET * HTTP/1.1", .malformedTarget),
        ("GET /#f HTTP/1.1", .malformedTarget),
        ("GET /\u{1} HTTP/1.1", .malformedTarget), ("GET ftp://a/ HTTP/1.1", .malformedTarget),
        ("GET http:///x HTTP/1.1", .malformedTarget), ("GET http://u@a/ HTTP/1.1", .malformedTarget),
        ("G\u{0}T / HTTP/1.1", .malformedRequestLine), (" GET / HTTP/1.1", .malformedRequestLine),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}", .malformedRequestLine), ("\u{3}\u{0}\u{0}", .malformedRequestLine),
        ("SSH-2.0-OpenSSH_9.2", .malformedRequestLine),
    ]

    @Test(arguments: malformedLines)
    func malformedRequestLinesAreRefused(line: String, error: HTTPHeadError) {
        #expect(throws: error) { try parse("\(line)\r\nHost: a\r\n\r\n") }
    }

    @Test func transferCodingNeedsHTTP11() {
        #expect(throws: HTTPHeadError.ambiguousLength) {
            try parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
        }
    }

    @Test func hostIsNeededWhereItIsAskedFor() throws {
        #expect(throws: HTTPHeadError.hostMissingOrRepeated) { try parse("GET / HTTP/1.1\r\n\r\n") }
        #expect(try parse("GET / HTTP/1.1\r\n\r\n", requiresHost: false) != nil)
        #expect(try parse("GET / HTTP/1.0\r\n\r\n") != nil)
    }

    @Test func sizesAreBounded() throws {
        let fits = String(repeating: "a", count: 8192 - request("X: \r\n").utf8.count)
        #expect(try parse(request("X: \(fits)\r\n"))?["x"]?.utf8.count == fits.utf8.count)
        #expect(throws: HTTPHeadError.tooLarge) { try parse(request("X: \(fits)a\r\n")) }
        let field99 = (0..<99).map { "X-\($0): y\r\n" }.joined()
        #expect(try parse(request(field99)) != nil)
        #expect(throws: HTTPHeadError.tooLarge) { try parse(request(field99 + "Z: y\r\n")) }
        // Without an end, in one read and in small ones.
        let endless = request("").dropLast(2) + "X: " + String(repeating: "a", count: 9000)
        #expect(throws: HTTPHeadError.tooLarge) { try parse(String(endless)) }
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer()
        #expect(throws: HTTPHeadError.tooLarge) {
            for byte in endless.utf8 {
                buffer.writeInteger(byte)
                _ = try parser.next(from: &buffer)
            }
        }
        #expect(buffer.readableBytes == HTTPHeadParser.maximumHeadSize + 1)
    }

    @Test func unusualPathsAreMarked() throws {
        for path in ["/a/../b", "/.", "//a", "/a%2fb", "/a\\b", "/a/./b", "/.well-known"] {
            #expect(try parse("GET \(path) HTTP/1.0\r\n\r\n")?.traits.contains(.unusualPath) == true)
        }
        for path in ["/", "/a/b.m4s", "/a..b/c", "/a/b?x=%2e//.."] {
            #expect(try parse("GET \(path) HTTP/1.0\r\n\r\n")?.traits.contains(.unusualPath) == false)
        }
    }

    /// The bit masks say the same as the grammar.
    @Test func tokenCharactersAreThoseOfTheGrammar() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max { #expect(ASCII.isToken(byte) == tokens.contains(byte)) }
    }

    /// Ten thousand damaged heads: each is read, refused or incomplete, and reading one in two pieces comes to the
    /// same as in one.
    @Test func mutatedHeadsNeverTrapAndDoNotDependOnReads() throws {
        let seeds = [
            request("Content-Length: 5\r\nExpect: 100-continue\r\nRange: bytes=0-1\r\n", line: "PUT /x?y HTTP/1.1"),
            request("Transfer-Encoding: chunked\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n"),
            "SOURCE /m ICE/1.0\r\r\nice-name: x\r\r\n\r\r\n", "GET http://h:1/p?q HTTP/1.1\nhost:x\n\n",
        ].map { Array($0.utf8) }
        let alphabet = Array("\r\n\r\n :\t,;/%.?*#\u{0}\u{7F}HTTP1.0GETchunked0123456789".utf8) + [0x80, 0xFF]
        var generator = SplitMix64(seed: 7)
        var outcomes: [String: Int] = [:]
        for round in 0..<10_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
                let byte = alphabet.randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes.insert(byte, at: min(position, bytes.count))
                case 1 where !bytes.isEmpty: bytes.remove(at: position)
                case 2 where !bytes.isEmpty: bytes.removeSubrange(position...)
                default: if !bytes.isEmpty { bytes[position] = byte }
                }
            }
            let whole = outcome(of: [bytes[...]])
            let split = Int.random(in: 0...bytes.count, using: &generator)
            let pieces = outcome(of: [bytes[..<split], bytes[split...]])
            // While a head is incomplete, only its first piece was looked at: a fault behind it is seen at the end.
            if whole != pieces, !(whole == "error" && pieces == "incomplete") {
                Issue.record("\(whole) in one piece, \(pieces) in two: \(String(decoding: bytes, as: UTF8.self))")
            }
            outcomes[String(whole.prefix(4)), default: 0] += 1
        }
        // The mutations reach all three.
        #expect(outcomes.count >= 3)
        #expect(outcomes.values.allSatisfy { $0 > 100 })
    }

    private func outcome(of pieces: [ArraySlice<UInt8>]) -> String {
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer()
        for piece in pieces {
            buffer.writeBytes(piece)
            do {
                if let head = try parser.next(from: &buffer) {
                    _ = head.fields.count + head.rawPath.count + (head.rawQuery?.count ?? 0)
                    _ = head.authority
                    let segments = PercentEncoding.pathSegments(head.rawPath)
                    return "head \(head.method) \(head.path) \(head.framing) \(segments ?? [])"
                }
            } catch {
                // Where a piece ends, one fault may be seen before another one.
                return "error"
            }
        }
        return "incomplete"
    }
}
