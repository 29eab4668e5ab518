import Foundation
import Testing

/// What a low-latency player may rely on while a stream is on the air.
@Suite(.heavy) struct LowLatencyRulesTests {
    /// A server with a stream on the air that has a few segments.
    private func onAir(
        seconds: Double = 40,
        _ body: (TwitchyServer, TwitchyServer.Stream, ChildProcess, Scene) async throws -> Void
    ) async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let encoder = try scene.start(
                "ffmpeg",
                [
                    "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=440:duration=\(seconds)", "-ac",
                    "2", "-ar", "48000", "-c:a", "aac", "-b:a", "128k", "-f", "flv",
                    server.rtmpAddress(key: TwitchyServer.demo.key),
                ], name: "encoder")
            let stream = try await server.stream("demo")
            try await body(server, stream, encoder, scene)
        }
    }

    /// RFC 8216bis §6.2.5.2: held until the part is there, or answered at once when it is.
    @Test func aBlockingReloadIsHeldUntilThePartIsListed() async throws {
        try await onAir { server, stream, _, _ in
            let path = stream.live("aac-64")
            for _ in 0..<8 {
                let before = try MediaPlaylistText(try await server.http.get(path).text)
                // Three parts ahead is more than half a second of waiting.
                let (sequence, part) = (before.next.sequence, before.next.part + 3)
                let reply = try await server.http.get("\(path)?_HLS_msn=\(sequence)&_HLS_part=\(part)")
                #expect(reply.status == 200)
                #expect(reply["Cache-Control"] == "public, max-age=12")
                let after = try MediaPlaylistText(reply.text)
                let isThere =
                    after.next.sequence > sequence || (after.next.sequence == sequence && after.next.part > part)
                // A part beyond the last of its segment is one of the next segment.
                let isOfNext = part >= 10 && after.next.sequence == sequence + 1 && after.next.part >= 1
                #expect(isThere || isOfNext, "asked for \(sequence).\(part), got up to \(after.next)")
                #expect(reply.seconds > 0.2 && reply.seconds < 3, "held for \(reply.seconds) s")
                let again = try await server.http.get("\(path)?_HLS_msn=\(sequence)&_HLS_part=0")
                #expect(again.status == 200 && again.seconds < 0.5)
            }
            // A whole segment.
            let now = try MediaPlaylistText(try await server.http.get(path).text)
            let reply = try await server.http.get("\(path)?_HLS_msn=\(now.next.sequence)")
            let whole = try MediaPlaylistText(reply.text)
            #expect(whole.segments.last.map { $0.sequence >= now.next.sequence } == true)
            // What is older than the window is answered with all that there is.
            let old = try await server.http.get("\(path)?_HLS_msn=0&_HLS_part=0")
            #expect(old.status == 200 && old.seconds < 0.5)
        }
    }

    /// The hinted part is held, comes whole, and is listed under that name.
    @Test func theHintedPartIsHeldAndComesWhole() async throws {
        try await onAir { server, stream, encoder, _ in
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-128"))
            let heard = try await listener.listen(seconds: 12)
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")
            #expect(heard.parts.count >= 55)
            let held = heard.parts.filter { $0.arrivedAt - $0.requestedAt > 0.05 }
            #expect(held.count > heard.parts.count / 2, "only \(held.count) of \(heard.parts.count) were waited for")
            for (one, next) in zip(heard.parts, heard.parts.dropFirst()) {
                #expect(
                    (next.sequence, next.part) == (one.sequence, one.part + 1)
                        || (next.sequence, next.part) == (one.sequence + 1, 0), "\(one.name), then \(next.name)")
            }
            for part in heard.parts.prefix(5) {
                let again = try await server.http.get("\(stream.folder("aac-128"))/\(part.name)")
                #expect(again.body == part.bytes && !part.bytes.isEmpty)
            }
            #expect(heard.usualGapSeconds(after: 1) < 0.6)
            #expect(encoder.isRunning)
        }
    }

    /// RFC 8216bis §6.2.5.1: only segments beyond the skip boundary are left out, and nothing else.
    @Test func aDeltaLeavesOutOldSegmentsOnly() async throws {
        try await onAir { server, stream, _, _ in
            let path = stream.live("aac-256")
            let early = try MediaPlaylistText(try await server.http.get("\(path)?_HLS_skip=YES").text)
            #expect(early.skippedSegments == 0 && !early.text.contains("EXT-X-SKIP"))
            _ = try await eventually("the window is longer than the boundary", within: 25, every: 0.5) {
                try MediaPlaylistText(try await server.http.get(path).text).segments.count >= 10 ? true : nil
            }
            let full = try MediaPlaylistText(try await server.http.get(path).text)
            let next = full.next
            let reply = try await server.http.get(
                "\(path)?_HLS_msn=\(next.sequence)&_HLS_part=\(next.part)&_HLS_skip=YES")
            let delta = try MediaPlaylistText(reply.text)
            #expect(delta.mediaSequence == full.mediaSequence)
            #expect(delta.skippedSegments > 0)
            let order = ["#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE", "#EXT-X-SKIP", "#EXTINF"]
            let places = order.compactMap { delta.text.range(of: $0)?.lowerBound }
            #expect(places.count == 4 && places == places.sorted(), "\(delta.text)")
            #expect(delta.text.contains("#EXT-X-VERSION:9"))
            #expect(delta.segments.first?.map != nil && delta.segments.first?.date != nil)
            // What is kept covers the boundary, and no whole segment more.
            let kept = delta.segments.map(\.durationSeconds).reduce(0, +)
            let boundary = try #require(delta.serverControl["CAN-SKIP-UNTIL"].flatMap { Double($0) })
            #expect(kept >= boundary && kept < boundary + 2 * 1.92, "\(kept) s are kept")
            let merged = full.segments.prefix(delta.skippedSegments).map(\.name) + delta.segments.map(\.name)
            #expect(Array(merged.prefix(full.segments.count)) == full.segments.map(\.name))
        }
    }

    /// All renditions are as far as each other, and say so.
    @Test func reportsTellHowFarTheOthersAre() async throws {
        try await onAir { server, stream, _, _ in
            for rendition in stream.renditions {
                let playlist = try MediaPlaylistText(try await server.http.get(stream.live(rendition)).text)
                let others = stream.renditions.filter { $0 != rendition }
                #expect(playlist.reports.map { $0["URI"] } == others.map { "../\($0)/live.m3u8" })
                for report in playlist.reports {
                    let sequence = try #require(report["LAST-MSN"].flatMap { Int($0) })
                    let part = try #require(report["LAST-PART"].flatMap { Int($0) })
                    let own = playlist.next
                    #expect(
                        (sequence, part) == (own.sequence, own.part - 1)
                            || (own.part == 0 && (sequence, part) == (own.sequence - 1, 9)))
                }
            }
            let control = try await stream.renditions.asyncMap {
                try MediaPlaylistText(try await server.http.get(stream.live($0)).text).serverControl
            }
            #expect(Set(control).count == 1)
            #expect(control[0]["CAN-BLOCK-RELOAD"] == "YES" && control[0]["PART-HOLD-BACK"] == "0.57600")
        }
    }

    /// Directives that make no sense are refused at once, so that a cache keeps nothing of them for long.
    @Test func senselessDirectivesAreRefused() async throws {
        try await onAir { server, stream, _, _ in
            let path = stream.live("aac-64")
            let next = try MediaPlaylistText(try await server.http.get(path).text).next
            for query in [
                "_HLS_part=1", "_HLS_msn=\(next.sequence + 5)", "_HLS_msn=\(next.sequence)&_HLS_part=40",
                "_HLS_msn=x", "_HLS_msn=-1", "_HLS_msn=1&_HLS_part=-1", "_HLS_msn=99999999999999999999",
            ] {
                let reply = try await server.http.get("\(path)?\(query)")
                #expect(reply.status == 400, "\(query): \(reply.status)")
                #expect(reply.seconds < 0.5, "\(query) took \(reply.seconds) s")
                #expect(reply["Access-Control-Allow-Origin"] == "*", "\(query)")
                #expect(reply["Cache-Control"] == "public, max-age=1", "\(query)")
            }
            // Others' parameters, and unknown ones of the protocol, are none of our business.
            #expect(try await server.http.get("\(path)?_HLS_primary_id=7&token=a%26b").status == 200)
        }
    }
}

extension Sequence where Self: Sendable {
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
