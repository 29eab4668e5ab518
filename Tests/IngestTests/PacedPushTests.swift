import AudioTimeline
import Foundation
import NIOCore
import Testing

@testable import Ingest

/// Bodies that come faster than they play, from peers that close at once: their sockets are read to the end at once too.
struct PacedPushTests {
    /// An encoder that has told what will come fills a page first, which takes long where little is to be said.
    @Test(.timeLimit(.minutes(20)), arguments: [true, false])
    func anAnnouncedAudioIsWaitedForLonger(isAnnounced: Bool) async throws {
        var settings = IngestSettings()
        settings.audioDeadline = .seconds(1)
        settings.pageDeadline = .seconds(3)
        let opus = Self.bodies[2]
        // The two pages of headers, or half of the first.
        let headers = try opus.bytes(times: 1).readableBytesView.headers(pages: 2)
        try await SourceServer.run(settings, contentType: opus.contentType) { server in
            let answer = try await server.answer(
                to: ByteBuffer(bytes: isAnnounced ? headers : Array(headers.prefix(20))))
            #expect(answer.hasPrefix("HTTP/1.1 415 No audio came within \(isAnnounced ? 3 : 1) second"), "\(answer)")
        }
    }

    /// A file of `Fixtures/` that is sent several times, 2.5 s each.
    struct Body: Sendable, CustomTestStringConvertible {
        var name: String
        var contentType: String
        var testDescription: String { name }

        func bytes(times: Int) throws -> ByteBuffer {
            let file = URL(filePath: #filePath).resolvingSymlinksInPath()
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/audio").appending(path: name)
            let data = try Data(contentsOf: file)
            return ByteBuffer(bytes: (0..<times).flatMap { _ in data })
        }
    }

    static let bodies = [
        Body(name: "flv-aac-44100-stereo.flv", contentType: "video/x-flv"),
        Body(name: "flv-mp3-44100-stereo.flv", contentType: "video/x-flv"),
        Body(name: "ogg-opus-48000-stereo.opus", contentType: "audio/ogg"),
    ]

    @Test(.timeLimit(.minutes(20)), arguments: bodies)
    func aBodyIsHeldToRealTimeWhenItsPeerCloses(body: Body) async throws {
        var settings = IngestSettings()
        settings.limits.leadNanoseconds = 1_000_000_000
        try await SourceServer.run(settings, contentType: body.contentType) { server in
            let start = MonotonicClock.now
            let client = try await server.connect()
            try await client.writeAndFlush(try body.bytes(times: 3))
            try await client.close()

            var live: LiveStream?
            while live == nil {
                live = await server.streams.stream(ofChannel: "1")
                try await Task.sleep(for: .milliseconds(5))
            }
            let stream = try #require(live)
            var worst: Int64 = 0
            while stream.isPushed {
                worst = max(worst, stream.excessLead(now: MonotonicClock.now))
                try await Task.sleep(for: .milliseconds(10))
            }
            // What is taken in one piece may be above the lead, and on a busy machine the 64 packets that wait for the
            // stream to open: 1.7 s. Unpaced it would be all but 1 s of the 7.5 s.
            #expect(worst < 2_700_000_000, "\(worst / 1_000_000) ms too early")
            // 7.5 s, of which 1 s may come early, and some before the stream was open.
            #expect(MonotonicClock.now - start > 4_500_000_000)
        }
    }
}

extension ByteBufferView {
    /// The first pages of an Ogg stream (RFC 3533 §6).
    fileprivate func headers(pages: Int) -> [UInt8] {
        let bytes = Array(self)
        var end = 0
        for _ in 0..<pages {
            let segments = Int(bytes[end + 26])
            end += 27 + segments + bytes[(end + 27)..<(end + 27 + segments)].reduce(0) { $0 + Int($1) }
        }
        return Array(bytes[..<end])
    }
}
