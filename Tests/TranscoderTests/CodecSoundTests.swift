import AudioTimeline
import FFmpeg
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Transcoder

/// Codecs of special encoders, heard through the transcoder: the right tones, for the right time.
struct CodecSoundTests {
    private func heard(_ source: TestSource) async throws -> (samples: [Float], length: Int) {
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        #expect(outcome.broken <= 1)
        let length = outcome.bundles.reduce(0) { $0 + Int($1.durationSamples) }
        return (try Played(outcome.bundles).decoded("flac", .flac).left, length)
    }

    private func check(_ source: TestSource, tones: [(frequency: Double, tenths: Int)], seconds: Double) async throws {
        let (samples, length) = try await heard(source)
        #expect(abs(Double(length) / 48_000 - seconds) < 0.11)
        for (frequency, tenths) in tones {
            #expect(Tone.tenths(of: frequency, in: samples, rate: 48_000) >= tenths, "\(frequency) Hz")
        }
    }

    /// AAC-LD has half as many samples in a frame as AAC-LC: taken for the other it would last twice as long.
    @Test func lowDelayAACHasItsSpeed() async throws {
        let file = try Data(contentsOf: EncodedFile.fixture("codecs/flv-aac-ld-48000-stereo.flv"))
        let source = try TestSource(file, .flv, packetSamples: 512)
        #expect(AudioSpecificConfig(source.configuration.setup)?.frameLength == 512)
        let tones = stride(from: 400.0, through: 650, by: 50).map { (frequency: $0, tenths: 8) }
        try await check(source, tones: tones, seconds: 6)
    }

    @Test(arguments: [
        (["-c:a", "mp2"], "mp2", ContainerFormat.mp3, 1_152),
        (["-c:a", "mp2", "-ar", "24000"], "mp2", .mp3, 1_152),
        (["-c:a", "mp2"], "ts", .mpegts, 1_152),
        (["-c:a", "libspeex", "-ar", "32000", "-ac", "1"], "ogg", .ogg, 640),
        (["-c:a", "libspeex", "-ar", "8000", "-ac", "1", "-frames_per_packet", "4"], "ogg", .ogg, 640),
        (["-c:a", "aac", "-mpegts_flags", "latm"], "ts", .mpegts, 1_024),
        (["-c:a", "aac", "-f", "latm"], "loas", .loas, 1_024),
        (["-c:a", "libopus"], "ts", .mpegts, 960),
    ])
    func otherCodecsAreHeard(_ arguments: [String], _ suffix: String, _ format: ContainerFormat, _ length: Int)
        async throws
    {
        let inputs = [440, 880].flatMap { ["-f", "lavfi", "-i", "sine=frequency=\($0):duration=2:sample_rate=48000"] }
        let chain = ["-filter_complex", "concat=n=2:v=0:a=1,volume=6"]
        let file = try await EncodedFile.make(inputs + chain + arguments, suffix: suffix)
        let source = try TestSource(file, format, packetSamples: length)
        try await check(source, tones: [(440, 18), (880, 18)], seconds: 4)
    }

    @Test func layerOneIsHeard() async throws {
        let file = LayerOne.tone(frames: 48_000 * 3 / LayerOne.frameLength)
        let source = try TestSource(Data(file), .mp3, packetSamples: LayerOne.frameLength)
        #expect(source.configuration.codec == .mp1)
        try await check(source, tones: [(LayerOne.frequency, 28)], seconds: 3)
    }
}
