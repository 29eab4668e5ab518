import Foundation
import Testing

/// Encoders that go and come back, and encoders that take over from each other: one stream on one clock.
@Suite(.heavy) struct ReconnectTests {
    struct Second: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var codec: [String]
    }

    private static let aac = ["-c:a", "aac", "-b:a", "256k"]
    static let seconds = [
        Second(testDescription: "the same codec", codec: aac),
        Second(testDescription: "MP3 at 44.1 kHz", codec: ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "256k"]),
    ]

    /// Silence while the encoder is away, no discontinuity, and afterwards everything lies where real time has it.
    @Test(arguments: seconds)
    func anEncoderThatComesBackGoesOnOnTheSameClock(second: Second) async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let output = ["-f", "flv", server.rtmpAddress(key: TwitchyServer.demo.key)]
            let before = try await Signal.make(in: scene, seconds: 40, seed: 1)
            let after = try await Signal.make(in: scene, seconds: 12, seed: 2)
            let first = try scene.encoder(before.file, Self.aac, to: output, name: "encoder-1")
            let stream = try await server.stream("demo")
            let recorder = try scene.record(server.address(stream.live("aac-256")), name: "recorder")
            let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
            async let hearing = listener.listen(seconds: 60)
            try await Task.sleep(for: .seconds(5))

            first.kill()
            _ = try await server.waitForLog("Encoder lost; waiting for it")
            try await Task.sleep(for: .seconds(5))
            #expect(try await server.stream("demo").identifier == stream.identifier)
            let encoder = try scene.encoder(after.file, second.codec, to: output, name: "encoder-2")
            let back = try await server.waitForLog("Encoder is back")
            try await encoder.waitForSuccess(within: 30)
            try await recorder.player.waitForSuccess(within: 20)
            let heard = try await hearing

            let live = try MediaPlaylistText(try await server.http.get(stream.live("aac-256")).text)
            #expect(live.isEnded)
            #expect(!live.segments.contains { $0.isDiscontinuity } && live.discontinuitySequence == 0)
            #expect(live.segments.allSatisfy { $0.name.hasPrefix("1-") }, "one epoch")
            #expect(heard.complaints.isEmpty, "\(heard.complaints)")

            let one = try await before.compare(recorder.file, in: scene)
            #expect(one.isUnbroken && one.matchedSeconds >= 5, "\(one)")
            let two = try await after.compare(recorder.file, in: scene)
            #expect(two.isUnbroken && two.matchedSeconds >= 11.25, "\(two)")
            let start = try #require(two.firstLagSamples)
            let silence = try Samples(recorder.file).peak(start - 4 * 48000..<start - 48000 / 4)
            #expect(silence <= 1, "the silence has a peak of \(silence)")

            // Where the second signal lies is when it came.
            let date = try #require(live.segments.first?.date)
            let lateness = date.timeIntervalSince1970 + Double(start) / 48000 - (try back.seconds)
            #expect(abs(lateness) <= 0.1, "heard \(lateness) s after it came")
            // The parts come no later at the end than at the start.
            let delays = heard.delays(partSeconds: 0.192, partsPerSegment: 10).map(\.seconds)
            let early = try #require(delays.dropFirst(2).prefix(15).min())
            let late = try #require(delays.dropLast(3).suffix(25).min())
            #expect(abs(late - early) <= 0.1, "parts come \(late - early) s later than before")
        }
    }

    /// Silence is not live: while the encoder is away, the channel says that it waits.
    @Test func aChannelWaitsWhileItsEncoderIsAway() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let output = ["-f", "flv", server.rtmpAddress(key: TwitchyServer.demo.key)]
            let signal = try await Signal.make(in: scene, seconds: 60, seed: 1)
            let first = try scene.encoder(signal.file, Self.aac, to: output, name: "encoder-1")
            _ = try await server.stream("demo")
            #expect(try await Self.state(server) == ["live": true, "waiting": false])
            first.kill()
            try await Self.becomes(["live": true, "waiting": true], server)
            let second = try scene.encoder(signal.file, Self.aac, to: output, name: "encoder-2")
            try await Self.becomes(["live": true, "waiting": false], server)
            // Ends the stream in due form.
            second.send(SIGINT)
            try await Self.becomes(["live": false, "waiting": false], server)
        }
    }

    private static func state(_ server: TwitchyServer) async throws -> [String: Bool] {
        let reply = try await server.http.get("/api/v1/channels/demo")
        let document = try JSONSerialization.jsonObject(with: reply.body) as? [String: Any] ?? [:]
        return document.filter { ["live", "waiting"].contains($0.key) }.compactMapValues { $0 as? Bool }
    }

    private static func becomes(_ wanted: [String: Bool], _ server: TwitchyServer) async throws {
        _ = try await eventually("the channel is \(wanted)", within: 20) { () -> Bool? in
            try await state(server) == wanted ? true : nil
        }
    }

    /// The newest encoder wins at once, and the older is told why.
    @Test func theNewerEncoderTakesOver() async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let output = ["-f", "flv", server.rtmpAddress(key: TwitchyServer.demo.key)]
            let signals = [
                try await Signal.make(in: scene, seconds: 60, seed: 1),
                try await Signal.make(in: scene, seconds: 60, seed: 2),
            ]
            var encoders = [try scene.encoder(signals[0].file, Self.aac, to: output, name: "encoder-0")]
            let stream = try await server.stream("demo")
            let recorder = try scene.record(server.address(stream.live("aac-256")), seconds: 16, name: "recorder")
            for number in 1...3 {
                let encoder = try scene.encoder(
                    signals[number % 2].file, Self.aac, to: output, name: "encoder-\(number)")
                _ = try await eventually("takeover \(number)", within: 5, every: 0.02) {
                    server.log.filter { $0.message == "Encoder takes the channel over" }.count >= number ? true : nil
                }
                let older = try #require(encoders.last)
                let exit = try await older.waitForExit(within: 2)
                #expect(exit != .code(0))
                #expect(older.messages.contains("Another encoder took this channel over."), "\(older.messages)")
                encoders.append(encoder)
            }
            // The fourth within ten seconds is one of two that fight.
            let fourth = try scene.encoder(signals[0].file, Self.aac, to: output, name: "encoder-4")
            #expect(try await fourth.waitForExit(within: 5) != .code(0))
            #expect(fourth.messages.contains("Two encoders keep taking this channel over"), "\(fourth.messages)")
            let refused = try await onThread { try Self.pushOverHTTP(server) }
            #expect(refused.status == 409 && refused.reason.contains("Two encoders keep taking"))
            try await Task.sleep(for: .seconds(1))
            #expect(encoders[3].isRunning, "the one on the air stays")
            #expect(try await server.stream("demo").identifier == stream.identifier)

            try await recorder.player.waitForSuccess(within: 25)
            let live = try MediaPlaylistText(try await server.http.get(stream.live("aac-256")).text)
            #expect(!live.segments.contains { $0.isDiscontinuity })
            // Each takeover puts the beginning of the other signal at the time at which it came.
            let takeovers = server.log.filter { $0.message == "Encoder takes the channel over" }
            let date = try #require(live.segments.first?.date).timeIntervalSince1970
            let first = try await signals[1].compare(recorder.file, in: scene)
            let position = try #require(first.firstLagSamples)
            let lateness = date + Double(position) / 48000 - (try takeovers[0].seconds)
            #expect(abs(lateness) <= 0.1, "heard \(lateness) s after it came")
            #expect(try Samples(recorder.file).peak(position - 4800..<position + 4800) > 1000)
        }
    }

    /// What a client shows that reads the answer: the beginning of an MP3 stream, then the refusal.
    private static func pushOverHTTP(_ server: TwitchyServer) throws -> HTTPReply {
        let connection = try HTTPConnection(port: server.ports.icecast)
        let audio = try Data(contentsOf: Products.fixture("audio/mp3-44100-stereo.mp3"))
        try connection.connection.write(
            "PUT /push/demo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer demo-key\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        try connection.connection.write(String(audio.count, radix: 16) + "\r\n")
        try connection.connection.write(audio)
        try connection.connection.write("\r\n")
        return try connection.readReply()
    }
}
