import NIOCore
import TestSupport
import Testing

@testable import Ingest

/// Whole pushes, from the bytes of a session to the batches for workers, damaged in every way that a peer may: nothing traps,
/// and what comes out keeps to the clock.
@Suite(.serialized) struct WholePushMutationTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        var file: String
        var contentType: String
        var rounds: Int
        var times: @Sendable (inout PushMutator, [UInt8]) -> [UInt8] = { $1 }

        var testDescription: String { file }
    }

    static let kinds = [
        Kind(file: "ogg-opus-48000-stereo.opus", contentType: "audio/ogg", rounds: 30) { $0.ogg($1) },
        Kind(file: "ogg-opus-48000-mono-60ms.opus", contentType: "audio/ogg", rounds: 30) { $0.ogg($1) },
        Kind(file: "ogg-vorbis-44100-stereo.ogg", contentType: "audio/ogg", rounds: 30) { $0.ogg($1) },
        Kind(file: "ogg-flac-44100-mono.oga", contentType: "audio/ogg", rounds: 30) { $0.ogg($1) },
        Kind(file: "flac-44100-stereo.flac", contentType: "audio/flac", rounds: 30) { $0.flac($1) },
        Kind(file: "webm-opus-48000-stereo.webm", contentType: "audio/webm", rounds: 30) { $0.matroska($1) },
        Kind(file: "matroska-flac-48000-mono.mka", contentType: "audio/x-matroska", rounds: 30) { $0.matroska($1) },
        Kind(file: "fragmented-aac-44100-stereo.mp4", contentType: "audio/mp4", rounds: 30) { $0.mov($1) },
        Kind(file: "fragmented-opus-48000-stereo.mp4", contentType: "audio/mp4", rounds: 30) { $0.mov($1) },
        Kind(file: "mpegts-aac-48000-stereo.ts", contentType: "video/mp2t", rounds: 30) { $0.mpegTS($1) },
        Kind(file: "adts-aac-44100-stereo.aac", contentType: "audio/aac", rounds: 30),
        Kind(file: "mp3-44100-tagged.mp3", contentType: "audio/mpeg", rounds: 30),
        Kind(file: "flv-aac-44100-stereo.flv", contentType: "video/x-flv", rounds: 24) { mutator, file in
            PushBytes.flv(mutator.tags(PushBytes.tags(ofFLV: file)))
        },
    ]

    @Test(.timeLimit(.minutes(20)), arguments: kinds) func bodies(_ kind: Kind) async throws {
        let sound = try PushBytes.fixture(kind.file)
        let (complaints, placed) = try await onThread {
            try Self.run(kind.rounds, seed: kind.file.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }) { push, mutator in
                var bytes = mutator.isChosen(oneIn: 8) ? sound : kind.times(&mutator, sound)
                if mutator.isChosen(oneIn: 2) { mutator.damage(&bytes) }
                let endsCleanly = mutator.isChosen(oneIn: 4)
                try push.body(bytes, contentType: kind.contentType, endsCleanly: endsCleanly)
            }
        }
        #expect(complaints.isEmpty, "\(complaints)")
        #expect(placed > kind.rounds * 5, "\(placed) packets found a place")
    }

    @Test(.timeLimit(.minutes(20)), arguments: ["flv-aac-44100-stereo.flv", "flv-mp3-44100-stereo.flv"])
    func sessionsOfRTMP(file: String) async throws {
        let tags = PushBytes.tags(ofFLV: try PushBytes.fixture(file))
        #expect(tags.count > 90)
        let (complaints, placed) = try await onThread {
            try Self.run(40, seed: UInt64(file.utf8.count)) { push, mutator in
                var bytes = PushBytes.rtmp(mutator.isChosen(oneIn: 8) ? tags : mutator.tags(tags))
                // Behind the handshake, and mostly behind what leads to the publish.
                if mutator.isChosen(oneIn: 2) {
                    mutator.damage(&bytes, from: mutator.isChosen(oneIn: 5) ? 3_073 : 3_400)
                }
                push.rtmp(bytes)
            }
        }
        #expect(complaints.isEmpty, "\(complaints)")
        #expect(placed > 40 * 20, "\(placed) packets found a place")
    }

    /// Twelve pushes follow one another on a stream, so that each finds the clock as the one before has left it.
    private static func run(
        _ rounds: Int, seed: UInt64, _ body: (inout WholePush, inout PushMutator) throws -> Void
    ) throws -> (complaints: [String], placed: Int) {
        var random = SplitMix64(seed: seed)
        var mutator = PushMutator(random: SplitMix64(seed: seed &+ 1))
        var complaints: [String] = []
        var placed = 0
        var sink = VirtualSink(seed: seed)
        for round in 0..<rounds {
            if round % 12 == 0 || sink.hasEnded {
                complaints += sink.complaints
                placed += sink.placed
                sink = VirtualSink(seed: random.next())
            }
            sink.connect(VirtualSink.Pace.allCases.randomElement(using: &random) ?? .burst)
            var push = WholePush(sink: sink, random: SplitMix64(seed: random.next()))
            try body(&push, &mutator)
        }
        return (complaints + sink.complaints, placed + sink.placed)
    }
}
