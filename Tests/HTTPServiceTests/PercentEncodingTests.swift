import NIOCore
import Testing

@testable import HTTPService

struct PercentEncodingTests {
    @Test func segmentsAreDecoded() {
        #expect(PercentEncoding.pathSegments("/".utf8) == [])
        #expect(PercentEncoding.pathSegments("".utf8) == [])
        #expect(PercentEncoding.pathSegments("/hls/a%20b/%C3%A9".utf8) == ["hls", "a b", "é"])
        #expect(PercentEncoding.pathSegments("/a/".utf8) == ["a", ""])
        #expect(PercentEncoding.pathSegments("/.well-known/x..y/...".utf8) == [".well-known", "x..y", "..."])
        #expect(PercentEncoding.pathSegments("/a+b".utf8) == ["a+b"])
    }

    @Test(arguments: [
        "/a/../b", "/..", "/%2e%2e/x", "/.%2E", "/.", "/a/./b", "//a", "/a//b", "/a%2fb", "/a%5cb", "/a\\b", "/%00",
        "/a%0d%0ab", "/%7f", "/%", "/%4", "/%zz", "/%ff", "a/b", "*",
    ])
    func unsafePathsAreRefused(path: String) {
        #expect(PercentEncoding.pathSegments(path.utf8) == nil)
    }

    @Test func encodingIsDecodedAgain() {
        let text = "a b/ü?&=+%~-._"
        #expect(PercentEncoding.encode(text) == "a%20b%2F%C3%BC%3F%26%3D%2B%25~-._")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text).utf8) == text)
        #expect(PercentEncoding.encode("\n") == "%0A")
    }

    @Test func queryParametersAreDecodedWhenAsked() {
        let query = HTTPQuery("_HLS_msn=12&song=a+b%20c&empty=&flag&&x=%zz&song=second&m%C3%BC=1&l=%E9")
        #expect(query["_HLS_msn"] == "12")
        #expect(query["song"] == "a b c")
        #expect(query["empty"] == "")
        #expect(query["flag"] == "")
        #expect(query["x"] == nil)
        #expect(query["absent"] == nil)
        #expect(query["mü"] == "1")
        #expect(query.rawValue(of: "l").map { Array($0) } == Array("%E9".utf8))
        #expect(query.map(\.name) == ["_HLS_msn", "song", "empty", "flag", "song", "mü"])
        #expect(Array(HTTPQuery("")).isEmpty)
    }
}
