import NIOCore
import Testing

@testable import HTTPService

struct ForwardedRequestTests {
    private func request(_ fields: String, peer: String, proxies: [String]) throws -> HTTPRequest {
        var parser = HTTPHeadParser()
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: inner:8080\r\n\(fields)\r\n")
        return HTTPRequest(
            head: try #require(try parser.next(from: &buffer)), peerAddress: try #require(IPAddress(peer)),
            peerPort: 1, proxies: TrustedProxies(try proxies.map { try #require(AddressRange($0)) }))
    }

    @Test func fieldsOfStrangersDoNotCount() throws {
        let fields = "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: radio.example\r\n"
        let stranger = try request(fields, peer: "203.0.113.9", proxies: ["10.0.0.0/8"])
        #expect(stranger.clientAddress.description == "203.0.113.9")
        #expect(!stranger.isSecure)
        #expect(stranger.baseURL == "http://inner:8080")
        let proxied = try request(fields, peer: "10.1.1.1", proxies: ["10.0.0.0/8"])
        #expect(proxied.clientAddress.description == "198.51.100.7")
        #expect(proxied.peerAddress.description == "10.1.1.1")
        #expect(proxied.isSecure)
        #expect(proxied.baseURL == "https://radio.example")
    }

    /// A client that writes the field itself only adds to the left of what the proxy writes.
    @Test func clientIsTheLastAddressThatIsNoProxy() throws {
        let lists = [
            "X-Forwarded-For: 1.1.1.1, 198.51.100.7, 10.2.2.2\r\n",
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 198.51.100.7:55, 10.2.2.2\r\n",
            "Forwarded: for=1.1.1.1, for=198.51.100.7;proto=http;by=10.2.2.2, for=\"10.2.2.2:80\"\r\n"
                + "X-Forwarded-For: 9.9.9.9\r\n",
        ]
        for fields in lists {
            let request = try request(fields, peer: "10.1.1.1", proxies: ["10.0.0.0/8"])
            #expect(request.clientAddress.description == "198.51.100.7")
        }
    }

    @Test func forwardedKnowsQuotesAndIPv6() throws {
        let request = try request(
            "Forwarded: For=\"[2001:db8:cafe::17]:4711\";Proto=HTTPS;Host=\"radio.example:8443\"\r\n",
            peer: "::1", proxies: ["::1"])
        #expect(request.clientAddress.description == "2001:db8:cafe::17")
        #expect(request.baseURL == "https://radio.example:8443")
    }

    @Test(arguments: ["unknown", "_x", "", "for", "1.1.1.1.1", "::1::", "\"", "for=\"unterminated"])
    func unknownClientsAreTheProxy(node: String) throws {
        for field in ["X-Forwarded-For: \(node)\r\n", "Forwarded: for=\(node)\r\n"] {
            let request = try request(field, peer: "10.1.1.1", proxies: ["10.0.0.0/8"])
            #expect(request.clientAddress.description == "10.1.1.1")
        }
    }

    @Test func hostsThatCannotStandInAURLGiveNone() throws {
        for host in ["a b", "a/b", "<x>", "a\"b", "a'b", "a@b"] {
            let proxied = try request("X-Forwarded-Host: \(host)\r\n", peer: "10.1.1.1", proxies: ["10.1.1.1"])
            #expect(proxied.baseURL == nil)
        }
    }
}
