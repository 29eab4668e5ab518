import Foundation
import Testing

/// Origins that come and go behind nginx.
@Suite(.heavy) struct OriginDrills {
    /// Each of two origins is killed and started again: whoever listens through nginx gets every part, and the page does
    /// not break off.
    @Test func aKilledOriginIsNotHeard() async throws {
        try await Distributed.run { servers in
            let scene = servers.scene
            let signal = try await Signal.make(in: scene, seconds: 50)
            var site = try await Site.start(on: servers, origins: 2)
            let edge = try await site.startEdge()
            let encoder = try site.push(signal)
            let stream = try await servers.stream(at: edge)
            let listener = LowLatencyListener(port: edge.http, playlist: stream.live("aac-256"))
            async let hearing = listener.listen(seconds: 100)
            let page = try await BrowserListener.start(edge, seconds: 24, in: scene)
            for number in site.origins.indices {
                try await Task.sleep(for: .seconds(4))
                let killed = site.origins[number]
                killed.child.kill()
                try await Task.sleep(for: .seconds(3))
                site.origins[number] = try await servers.start(
                    "origin", name: "origin-again-\(number + 1)", options: ["--http-port", "\(killed.http)"])
            }
            let inBrowser = try await page.result()
            try await encoder.waitForSuccess(within: 60)
            let heard = try await hearing
            #expect(inBrowser.stalls ?? .max <= heard.tooLate.count && inBrowser.errors.isEmpty, "\(inBrowser)")
            #expect(heard.complaints.isEmpty && heard.isEnded, "\(heard.complaints)")
            let delays = heard.delays(partSeconds: 0.192, partsPerSegment: 10).map(\.seconds).sorted()
            print("killed origins: latest part \(Int(((delays.last ?? 0) - delays[delays.count / 2]) * 1000)) ms late")
            let comparison = try await signal.compare(try await site.decode(heard), in: scene)
            #expect(comparison.isUnbroken && comparison.holes.isEmpty, "\(comparison)")
            #expect(comparison.matchedSeconds >= 43, "\(comparison)")
        }
    }

    /// An origin that was not there before gives the whole window from log and store, the same as the others do, to the
    /// first who asks it.
    @Test func aFreshOriginServesTheWindowAtOnce() async throws {
        try await Distributed.run { servers in
            let signal = try await Signal.make(in: servers.scene, seconds: 90)
            let site = try await Site.start(on: servers)
            let encoder = try site.push(signal)
            let stream = try await site.stream()
            // Longer than the window, so that its beginning has been left.
            try await Task.sleep(for: .seconds(66))
            let fresh = try await servers.start("origin", name: "origin-fresh")
            let askedAt = Moment.now
            let first = try await fresh.publicHTTP.get(stream.live("aac-256"))
            print("fresh origin: window after \(Int((Moment.now - askedAt) * 1000)) ms")
            #expect(first.status == 200)
            let known = try MediaPlaylistText(try await site.origin.publicHTTP.get(stream.live("aac-256")).text)
            let window = try MediaPlaylistText(first.text)
            #expect(window.segments.count >= 30)
            // One segment may have been finished in between.
            let common = window.segments.map(\.name).filter { known.segments.map(\.name).contains($0) }
            #expect(common.count >= window.segments.count - 1)
            let oldest = try #require(common.first)
            let folder = stream.live("aac-256").split(separator: "/").dropLast().map { "/\($0)" }.joined()
            let bytes = try await fresh.publicHTTP.get("\(folder)/\(oldest)")
            let expected = try await site.origin.publicHTTP.get("\(folder)/\(oldest)")
            #expect(bytes.status == 200 && bytes.body == expected.body)
            encoder.kill()
        }
    }
}
