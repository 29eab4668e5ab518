import Foundation
import Testing

/// Every container and codec that encoders push is heard as it was sent.
@Suite(.heavy) struct FormatTests {
    /// Formats that are pushed at the same time.
    struct Batch: Sendable, CustomTestStringConvertible {
        var formats: [PushedFormat]
        var testDescription: String { formats.map(\.name).joined(separator: ", ") }
    }

    static let batches = [
        Batch(formats: [.mp3OverRTMP, .mp3OverIcecast, .opusOverIcecast]),
        Batch(formats: [.flacOverHTTP, .oggFLACOverHTTP, .webMOverHTTP]),
        Batch(formats: [.transportStreamOverHTTP, .flvOverHTTP, .fragmentedMP4OverHTTP]),
        Batch(formats: [.vorbisOverIcecast, .adtsOverIcecast, .mp3OverHTTP]),
    ]

    @Test(arguments: batches)
    func everyFormatIsHeardAsItWasSent(batch: Batch) async throws {
        try await Scene.run { scene in
            let server = try await TwitchyServer.start(in: scene)
            let signal = try await Signal.make(in: scene, seconds: 16)
            try await withThrowingTaskGroup { group in
                for format in batch.formats {
                    let channel = try await server.makeChannel(format.name)
                    group.addTask { try await check(format, channel, signal, server, scene) }
                }
                try await group.waitForAll()
            }
        }
    }

    private func check(
        _ format: PushedFormat, _ channel: TwitchyServer.Channel, _ signal: Signal, _ server: TwitchyServer,
        _ scene: Scene
    ) async throws {
        let encoder = try scene.encoder(
            signal.file, format.codec, to: format.output(server, channel), name: "encoder-\(format.name)")
        let stream = try await server.stream(channel.name)
        // Behind a push that cannot say that it is over, silence goes on for the grace: not all of it is waited for.
        let recorder = try scene.record(
            server.address(stream.live("aac-256")), seconds: signal.seconds + 2, name: "record-\(format.name)")
        let listener = LowLatencyListener(server: server, playlist: stream.live("aac-64"))
        let heard = try await listener.listen(seconds: 11)
        let exit = try await encoder.waitForExit(within: 30)
        #expect(exit == .code(0), "\(format.name): \(encoder.messages)")
        try await recorder.player.waitForSuccess(within: 20)
        let comparison = try await signal.compare(recorder.file, in: scene)
        #expect(comparison.isUnbroken, "\(format.name): \(comparison)")
        #expect(comparison.holes.isEmpty, "\(format.name): \(comparison)")
        #expect(comparison.matchedSeconds >= signal.seconds - 0.75, "\(format.name): \(comparison)")
        let ratio = try #require(comparison.snrDb)
        #expect(ratio >= format.worstSnrDb, "\(format.name): \(comparison)")

        #expect(heard.complaints.isEmpty, "\(format.name): \(heard.complaints)")
        #expect(heard.parts.count > 40, "\(format.name)")
        // An encoder that sends a second at a time is evened out: no player waits for more than a few parts.
        let gap = heard.usualGapSeconds(after: 3)
        #expect(gap <= 0.6, "\(format.name): \(gap) s between two parts")
    }
}
