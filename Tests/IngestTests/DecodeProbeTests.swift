import AudioTimeline
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Ingest

/// What a push brings first is decoded before anybody hears it.
struct DecodeProbeTests {
    /// Takes a push to a probe alone.
    private final class ProbeSink: PushSink {
        private struct State {
            var verdicts: [DecodeProbe.Verdict] = []
        }

        private let probe = DecodeProbe()
        private let state = Mutex(State())
        private let change: @Sendable (inout CodecConfiguration) -> Void
        private let damage: @Sendable (ByteBuffer) -> ByteBuffer

        init(
            change: @escaping @Sendable (inout CodecConfiguration) -> Void = { _ in },
            damage: @escaping @Sendable (ByteBuffer) -> ByteBuffer = { $0 }
        ) {
            self.change = change
            self.damage = damage
        }

        var verdicts: [DecodeProbe.Verdict] { state.withLock { $0.verdicts } }

        func configured(_ configuration: CodecConfiguration) {
            var configuration = configuration
            change(&configuration)
            probe.begin(configuration)
        }

        func packet(_ payload: ByteBuffer, timestamp: MediaTimestamp?, trim: PacketTrim, arrival: Int64?) {
            probe.take(damage(payload)) { verdict in self.state.withLock { $0.verdicts.append(verdict) } }
        }

        func nowPlaying(_ nowPlaying: NowPlaying, from source: TitleSource) {}
        func lost() { ended() }
        func ended() { probe.end { verdict in self.state.withLock { $0.verdicts.append(verdict) } } }
        var excessLead: Int64 { 0 }

        /// The verdicts, once the probe has seen all.
        func finish() async -> [DecodeProbe.Verdict] {
            for _ in 0..<500 where verdicts.isEmpty { try? await Task.sleep(for: .milliseconds(10)) }
            return verdicts
        }
    }

    private func push(_ file: String, to sink: ProbeSink) async throws -> [DecodeProbe.Verdict] {
        let bytes = try PushBytes.fixture(file)
        try await onThread {
            var push = WholePush(sink: sink, random: SplitMix64(seed: 1))
            try push.body(bytes, contentType: nil, endsCleanly: true)
        }
        return await sink.finish()
    }

    /// One verdict for what real encoders make, in every container.
    @Test(arguments: [
        "adts-aac-44100-stereo.aac", "adts-aac-48000-mono.aac", "flac-44100-stereo.flac", "flac-48000-mono.flac",
        "flv-aac-44100-stereo.flv", "flv-mp3-44100-stereo.flv", "fragmented-aac-44100-stereo.mp4",
        "fragmented-opus-48000-stereo.mp4", "matroska-flac-48000-mono.mka", "mp3-22050-mono.mp3",
        "mp3-44100-stereo.mp3", "mp3-44100-tagged.mp3", "mpegts-aac-48000-stereo.ts", "ogg-flac-44100-mono.oga",
        "ogg-opus-48000-mono-60ms.opus", "ogg-opus-48000-stereo.opus", "ogg-vorbis-44100-stereo.ogg",
        "ogg-vorbis-48000-mono.ogg", "webm-opus-48000-stereo.webm",
    ]) func soundIsSound(file: String) async throws {
        let verdicts = try await push(file, to: ProbeSink())
        #expect(!verdicts.isEmpty && verdicts.allSatisfy { $0 == .sound }, "\(verdicts)")
    }

    /// Nothing can be decoded: one verdict, with a reason.
    @Test(arguments: ["adts-aac-44100-stereo.aac", "flac-44100-stereo.flac"])
    func whatIsCutOffIsNot(file: String) async throws {
        let sink = ProbeSink(damage: { $0.getSlice(at: $0.readerIndex, length: min(8, $0.readableBytes)) ?? $0 })
        let verdicts = try await push(file, to: sink)
        guard case .undecodable(let reason)? = verdicts.first else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(reason.contains("cannot be decoded: "), "\(reason)")
        #expect(verdicts.count == 1)
    }

    /// Frames that are longer or shorter than they are counted would be heard at the wrong speed.
    @Test func wrongSpeedIsNot() async throws {
        let sink = ProbeSink(change: { $0.sampleRate = 48_000 })
        let verdicts = try await push("flac-44100-stereo.flac", to: sink)
        #expect(
            verdicts == [
                .undecodable("The audio (flac) cannot be decoded: its packets are not as long as its set-up says.")
            ])
    }
}
