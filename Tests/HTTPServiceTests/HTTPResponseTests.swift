import NIOCore
import Testing

@testable import HTTPService

struct HTTPResponseTests {
    private func exchange(
        _ response: HTTPResponse, _ fields: String = "", method: String = "GET", version: String = "HTTP/1.1",
        keepsAlive: Bool = true
    ) throws -> (head: [String], body: String, status: Int) {
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer(string: "\(method) / \(version)\r\nHost: a\r\n\(fields)\r\n")
        let request = try #require(try parser.next(from: &buffer))
        var head = ByteBuffer()
        let (body, status) = response.write(
            into: &head, for: request, dateLine: ByteBuffer(string: "Date: D\r\n"), keepsAlive: keepsAlive)
        let text = String(buffer: head)
        #expect(text.hasSuffix("\r\n\r\n"))
        return (text.split(separator: "\r\n").map(String.init), String(buffer: body), status)
    }

    private let tagged = HTTPResponse(
        contentType: "audio/mp4", body: ByteBuffer(string: "0123456789"), entityTag: "v1", allowsRanges: true)

    @Test func wholeResponseIsWrittenAsItWasEncoded() throws {
        let response = HTTPResponse(
            contentType: "text/plain", fields: [.cacheControl("no-store")], body: ByteBuffer(string: "hi"),
            isCrossOrigin: true)
        let (head, body, status) = try exchange(response)
        #expect(
            head == [
                "HTTP/1.1 200 OK", "Content-Type: text/plain", "X-Content-Type-Options: nosniff",
                "Cache-Control: no-store", "Access-Control-Allow-Origin: *",
                "Access-Control-Expose-Headers: Age, Date, Content-Length, Content-Range", "Content-Length: 2",
                "Date: D",
            ])
        #expect(body == "hi")
        #expect(status == 200)
    }

    @Test func headHasTheFieldsOfGetAndNoBody() throws {
        let get = try exchange(tagged)
        let head = try exchange(tagged, method: "HEAD")
        #expect(head.head == get.head)
        #expect(head.body == "")
        // A range means something in a GET only (RFC 9110 §14.2).
        #expect(try exchange(tagged, "Range: bytes=0-1\r\n", method: "HEAD").status == 200)
    }

    @Test func statusesWithoutBodyHaveNoLength() throws {
        for status in [HTTPStatus.noContent, .notModified] {
            let (head, body, _) = try exchange(HTTPResponse(status: status, body: ByteBuffer(string: "x")))
            #expect(!head.contains { $0.hasPrefix("Content-Length") })
            #expect(body == "")
        }
        #expect(try exchange(HTTPResponse(status: .notFound)).head.contains("Content-Length: 0"))
    }

    @Test func persistenceIsSaidWhereItIsNotTheDefault() throws {
        #expect(try exchange(tagged, keepsAlive: false).head.contains("Connection: close"))
        #expect(try exchange(tagged, version: "HTTP/1.0").head.contains("Connection: keep-alive"))
        #expect(try !exchange(tagged).head.contains { $0.hasPrefix("Connection") })
    }

    private static let ranges: [(range: String, status: Int, body: String, contentRange: String)] = [
        ("bytes=0-0", 206, "0", "bytes 0-0/10"), ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"), ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=-100", 206, "0123456789", "bytes 0-9/10"), ("bytes=8-100", 206, "89", "bytes 8-9/10"),
        ("BYTES= 1 - 2", 206, "12", "bytes 1-2/10"), ("bytes=9-9", 206, "9", "bytes 9-9/10"),
        ("bytes=9-99999999999999999999", 206, "9", "bytes 9-9/10"),
        ("bytes=0-9223372036854775807", 206, "0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, "", "bytes */10"), ("bytes=10-12", 416, "", "bytes */10"),
        ("bytes=-0", 416, "", "bytes */10"),
        ("bytes=99999999999999999999-", 416, "", "bytes */10"),
        ("bytes=4-2", 200, "0123456789", ""), ("bytes=0-1,3-4", 200, "0123456789", ""),
        ("bytes=", 200, "0123456789", ""),
        ("bytes=-", 200, "0123456789", ""), ("items=0-1", 200, "0123456789", ""), ("bytes=a-b", 200, "0123456789", ""),
        ("bytes=+1-2", 200, "0123456789", ""), ("bytes=--1", 200, "0123456789", ""), ("0-1", 200, "0123456789", ""),
    ]

    @Test(arguments: ranges)
    func rangesAreServed(range: String, status: Int, body: String, contentRange: String) throws {
        let result = try exchange(tagged, "Range: \(range)\r\n")
        #expect(result.status == status)
        #expect(result.head.first?.hasPrefix("HTTP/1.1 \(status) ") == true)
        #expect(result.body == body)
        #expect(result.head.contains("Content-Length: \(body.utf8.count)"))
        let written = result.head.first { $0.hasPrefix("Content-Range: ") }
        #expect(written == (contentRange.isEmpty ? nil : "Content-Range: \(contentRange)"))
        #expect(result.head.contains("Accept-Ranges: bytes"))
        #expect(result.head.contains("ETag: \"v1\""))
        #expect(result.head.filter { $0.hasPrefix("Content-Length") }.count == 1)
    }

    @Test func rangeOfAnEmptyBodyCannotBeSatisfied() throws {
        let empty = HTTPResponse(allowsRanges: true)
        #expect(try exchange(empty, "Range: bytes=0-\r\n").status == 416)
        #expect(try exchange(empty, "Range: bytes=-1\r\n").status == 416)
    }

    @Test func rangeNeedsPermissionAndItsCondition() throws {
        let plain = HTTPResponse(body: ByteBuffer(string: "0123"), entityTag: "v1")
        #expect(try exchange(plain, "Range: bytes=0-1\r\n").status == 200)
        #expect(try exchange(tagged, "Range: bytes=0-1\r\nIf-Range: \"v1\"\r\n").status == 206)
        #expect(try exchange(tagged, "Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n").status == 200)
        #expect(try exchange(tagged, "Range: bytes=0-1\r\nIf-Range: W/\"v1\"\r\n").status == 200)
    }

    @Test(arguments: [
        ("\"v1\"", 304), ("W/\"v1\"", 304), ("\"v0\", \"v1\"", 304), ("\"v0\" ,\tW/\"v1\" ", 304), ("*", 304),
        ("\"v2\"", 200), ("v1", 200), ("", 200), ("\"v1", 200),
    ])
    func entityTagsAreCompared(value: String, status: Int) throws {
        let result = try exchange(tagged, "If-None-Match: \(value)\r\n")
        #expect(result.status == status)
        if status == 304 {
            #expect(result.head.first == "HTTP/1.1 304 Not Modified")
            #expect(result.head.contains("ETag: \"v1\""))
            #expect(!result.head.contains { $0.hasPrefix("Content-Length") })
            #expect(result.body == "")
        }
        #expect(try exchange(tagged, "If-None-Match: \(value)\r\n", method: "HEAD").status == status)
        #expect(try exchange(tagged, "If-None-Match: \(value)\r\n", method: "POST").status == 200)
    }

    @Test func unchangedWinsOverRange() throws {
        #expect(try exchange(tagged, "Range: bytes=0-1\r\nIf-None-Match: \"v1\"\r\n").status == 304)
    }

    @Test(arguments: [
        ("gzip", true), ("GZIP;q=0.5", true), ("deflate, gzip", true), ("br;q=1, *", true), ("x-gzip", true),
        ("gzip;q=0", false), ("gzip; q=0.000", false), ("*;q=0", false), ("identity", false), ("", false),
        ("br", false),
        ("gzip;q=0, *", false),
    ])
    func compressedFormIsChosen(accepted: String, isCompressed: Bool) throws {
        let response = HTTPResponse(
            body: ByteBuffer(string: "plain"), compressedBody: ByteBuffer(string: "packed!"), entityTag: "v1",
            allowsRanges: true)
        let result = try exchange(response, "Accept-Encoding: \(accepted)\r\n")
        #expect(result.body == (isCompressed ? "packed!" : "plain"))
        #expect(result.head.contains("Content-Encoding: gzip") == isCompressed)
        #expect(result.head.contains("Content-Length: \(isCompressed ? 7 : 5)"))
        #expect(result.head.contains("Vary: Accept-Encoding"))
        #expect(result.head.contains("ETag: \"v1\(isCompressed ? "-gzip" : "")\""))
        // Ranges are of the plain form.
        let part = try exchange(response, "Accept-Encoding: \(accepted)\r\nRange: bytes=0-1\r\n")
        #expect(part.body == "pl")
        #expect(!part.head.contains("Content-Encoding: gzip"))
    }

    @Test func noValueCanBeginAField() throws {
        let response = HTTPResponse(
            status: HTTPStatus(400, reason: "Bad\r\nX: 1"), fields: [HTTPField("Location", "/a\r\nSet-Cookie: b\0")])
        let (head, _, _) = try exchange(response)
        #expect(head.contains("Location: /a  Set-Cookie: b "))
        #expect(head.first == "HTTP/1.1 400 Bad  X: 1")
    }

    /// The body that goes out is the one that came in: shared, not copied.
    @Test func bodyIsShared() throws {
        let body = ByteBuffer(repeating: 7, count: 5000)
        let response = HTTPResponse(body: body)
        var head = ByteBuffer()
        let (written, _) = response.write(into: &head, for: nil, dateLine: ByteBuffer(), keepsAlive: true)
        let addresses = [body, written].map { $0.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(addresses[0] == addresses[1])
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
        (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"), (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
    ])
    func datesAreWritten(seconds: Int, text: String) {
        #expect(HTTPDate.text(secondsSince1970: seconds) == text)
    }

    @Test func problemsAreDocuments() throws {
        let problem = ProblemDocument(
            .unprocessableContent, detail: "Say \"yes\"\n\u{1}ü",
            errors: [.init(field: "name", detail: "too long"), .init(field: "title", detail: "empty")])
        let (head, body, status) = try exchange(.problem(problem))
        #expect(status == 422)
        #expect(head.contains("Content-Type: application/problem+json"))
        #expect(head.contains("Access-Control-Allow-Origin: *"))
        #expect(
            body == #"{"type":"about:blank","title":"Unprocessable Content","status":422,"#
                + #""detail":"Say \"yes\"\n\u0001ü","errors":[{"field":"name","detail":"too long"},"#
                + #"{"field":"title","detail":"empty"}]}"#)
    }
}
