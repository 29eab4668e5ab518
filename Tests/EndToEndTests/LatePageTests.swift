import Foundation
import Testing

/// FLAC makes almost nothing of silence, so that a page of Ogg holds many seconds and is sent when it is full.
@Suite(.heavy) struct LatePageTests {
    /// Fifteen seconds of silence, then a tone: at the beginning of a connection, and behind a short link, as Liquidsoap
    /// begins. It is heard when it was recorded, and nobody is refused or held back meanwhile.
    @Test func aPageOfSilenceComesToItsPlace() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let long = try await Self.ogg(
                "aevalsrc=exprs=if(gte(t\\,15)\\,0.3*sin(2*PI*440*t)+0.02*random(0)\\,0):s=44100:d=19", serial: 2,
                in: scene)
            let short = try await Self.ogg("aevalsrc=exprs=0:s=44100:d=0.04", serial: 1, in: scene)
            try await withThrowingTaskGroup { group in
                for (name, links) in [("one", [long]), ("two", [short, long])] {
                    let channel = try await server.makeChannel(name)
                    group.addTask { try await Self.check(links, channel, server, scene) }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func check(
        _ links: [[UInt8]], _ channel: TwitchyServer.Channel, _ server: TwitchyServer, _ scene: Scene
    ) async throws {
        let port = server.ports.icecast
        let start = Date()
        async let pushed = onThread { try push(links, to: channel, port: port) }
        let stream = try await server.stream(channel.name, within: 30)
        // The newest sound is never dated later than now.
        while Date() < start + 18.5 {
            let playlist = try MediaPlaylistText(try await server.http.get(stream.live("aac-64")).text)
            if let last = playlist.segments.last(where: { $0.date != nil }), let date = last.date {
                let ahead = (date + last.durationSeconds).timeIntervalSinceNow
                #expect(ahead < 0.3, "\(channel.name): \(ahead) s ahead of the clock")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
        let (began, ended) = try await pushed
        #expect(ended - began < 21, "\(channel.name): held back for \(ended - began - 19) s")
        let path = try await server.recording(stream, within: 60)
        let recorder = try scene.record(path, name: "record-\(channel.name)")
        try await recorder.player.waitForSuccess(within: 30)
        let show = try MediaPlaylistText(
            try await server.http.get("/hls/\(channel.name)/recordings/\(stream.identifier)/aac-256/vod.m3u8").text)
        let first = try #require(show.segments.first?.date)
        let samples = try Samples(recorder.file)
        let step = 2_400
        let onset = try #require((0..<samples.count / step).first { samples.peak($0 * step..<($0 + 1) * step) > 2_000 })
        let heard = (first + Double(onset * step) / 48_000).timeIntervalSince1970 - began
        // The end of the page has the tone's beginning: where silence stood in for it already, that stays.
        #expect((14.7...17).contains(heard), "\(channel.name): recorded at 15 s, dated \(heard) s")
        let tone = (onset..<samples.count / step).count { samples.peak($0 * step..<($0 + 1) * step) > 2_000 }
        #expect(tone * step >= 48_000 * 2, "\(channel.name): \(tone * step) samples of tone")
    }

    /// Sends each page when its last sample is recorded.
    private static func push(
        _ links: [[UInt8]], to channel: TwitchyServer.Channel, port: Int
    ) throws -> (began: Double, ended: Double) {
        let connection = try TCPConnection(port: port)
        let credentials = Data("source:\(channel.key)".utf8).base64EncodedString()
        try connection.write(
            "PUT /\(channel.name) HTTP/1.1\r\nHost: x\r\nAuthorization: Basic \(credentials)\r\n"
                + "Content-Type: application/ogg\r\nExpect: 100-continue\r\n\r\n")
        _ = try connection.readLine()
        let began = Date().timeIntervalSince1970
        for page in links.flatMap(pages) {
            let wait = began + page.seconds - Date().timeIntervalSince1970
            if wait > 0 { Thread.sleep(forTimeInterval: wait) }
            try connection.write(page.bytes)
        }
        return (began, Date().timeIntervalSince1970)
    }

    /// FLAC in Ogg with pages as full as they get.
    private static func ogg(_ source: String, serial: Int, in scene: Scene) async throws -> [UInt8] {
        let file = scene.file("link-\(serial).oga")
        _ = try await scene.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", source, "-ac", "2", "-c:a", "flac", "-f", "ogg", "-page_duration",
                "30000000", "-serial_offset", String(serial), file.path,
            ], name: "ogg-\(serial)")
        let bytes = Array(try Data(contentsOf: file))
        #expect(serial == 1 || pages(bytes).dropFirst(2).first.map { $0.seconds > 14 } ?? false)
        return bytes
    }

    private static func pages(_ file: [UInt8]) -> [(bytes: [UInt8], seconds: Double)] {
        var pages: [(bytes: [UInt8], seconds: Double)] = []
        var offset = 0
        while offset + 27 <= file.count {
            let segments = Int(file[offset + 26])
            let body = file[(offset + 27)..<(offset + 27 + segments)].reduce(0) { $0 + Int($1) }
            let granule = (0..<8).reduce(UInt64(0)) { $0 | UInt64(file[offset + 6 + $1]) << (8 * UInt64($1)) }
            let end = offset + 27 + segments + body
            pages.append((Array(file[offset..<end]), max(0, Double(Int64(bitPattern: granule))) / 44_100))
            offset = end
        }
        return pages
    }
}
