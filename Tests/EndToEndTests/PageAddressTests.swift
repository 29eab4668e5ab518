import Foundation
import Testing

/// Addresses as people type them, and what the pages offer.
@Suite(.heavy) struct PageAddressTests {
    private static let page = ["Accept": "text/html"]

    @Test func whatSomeoneTypedLeadsToTheChannelOrNowhere() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            for (typed, location) in [
                ("/Demo", "/demo"), ("/demo/", "/demo"), ("/DEMO/?player=mse&x=%2F", "/demo?player=mse&x=%2F"),
            ] {
                let reply = try await server.http.get(typed, Self.page)
                #expect(reply.status == 308 && reply["Location"] == location, "\(typed): \(reply)")
            }
            #expect(try await server.http.get("/demo", Self.page).status == 200)
            for unknown in ["/nobody_here", "/no-such-name", "/a/b"] {
                let reply = try await server.http.get(unknown, Self.page)
                #expect(reply.status == 404 && reply.text.contains("There is nothing here"), "\(unknown): \(reply)")
                let plain = try await server.http.get(unknown)
                #expect(plain.status == 404 && plain["Content-Type"]?.hasPrefix("application/problem+json") == true)
            }
            // None of these may lead to another host.
            for hostile in [
                "//evil.example", "//demo", "/\\evil.example", "/%2fevil.example/", "/http://evil.example/",
            ] {
                let reply = try await server.http.get(hostile, Self.page)
                #expect((400..<500).contains(reply.status) && reply["Location"] == nil, "\(hostile): \(reply)")
            }
            // A channel that was made a moment ago has its page.
            _ = try await server.makeChannel("nobody_here")
            #expect(try await server.http.get("/nobody_here", Self.page).status == 200)
        }
    }

    /// What the home page says can be typed as it stands.
    @Test func theHomePageOffersWhatTheServerTakes() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let home = try await server.http.get("/", Self.page).text
            #expect(home.contains("data-rtmp-port=\"\(server.ports.rtmp)\""))
            let name = try #require(home.firstMatch(of: /twitchy channel create ([^<]+)</)?.1)
            _ = try await server.makeChannel(String(name))
        }
    }
}
