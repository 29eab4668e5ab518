import AudioTimeline
import FFmpeg
import Testing

@testable import Transcoder

/// What containers cut off is not heard, and nothing moves for it.
struct TrimTests {
    /// The files are 2.5 s long; what the encoders put in front and behind is not.
    @Test(arguments: [
        ("audio/ogg-opus-48000-stereo.opus", ContainerFormat.ogg), ("audio/ogg-opus-48000-mono-60ms.opus", .ogg),
        ("audio/ogg-vorbis-44100-stereo.ogg", .ogg), ("audio/webm-opus-48000-stereo.webm", .matroska),
    ])
    func aFileComesOutWithItsLength(name: String, format: ContainerFormat) async throws {
        let source = try TestSource.fixture(name, format, packetSamples: 960)
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        #expect(outcome.broken == 0)
        #expect(outcome.bundles.reduce(0) { $0 + Int($1.durationSamples) } == 120_000)
        let played = try Played(outcome.bundles)
        played.checkContiguous()
        let flac = try played.decoded("flac", .flac)
        let expected = try source.decoded()
        #expect(expected.frameCount == 120_000)
        // The last frame is a whole one, of which the part announces what is heard.
        #expect((120_000..<124_608).contains(flac.frameCount))
        #expect(flac.largestDifference(from: expected, in: 0..<120_000) < 1e-6)
    }

    /// Pre-skip that is longer than a batch: the first sample that is heard is sample 0 of the leg.
    @Test func longPreSkipIsDecodedAndNotHeard() async throws {
        var source = try TestSource.trimmedOpus(packets: 200)
        source.configuration.setup.replaceSubrange(10..<12, with: [0x00, 0x80])
        var maker = BatchMaker()
        try maker.push(source)
        maker.end()
        let outcome = try await StreamTranscoder.fresh("aac:64,flac").transcode(all: maker.batches)
        let flac = try Played(outcome.bundles).decoded("flac", .flac)
        let length = 200 * 960 - 431 - 0x8000
        #expect(outcome.bundles.reduce(0) { $0 + Int($1.durationSamples) } == length)
        let expected = try source.decoded()
        #expect(expected.frameCount == length)
        #expect(flac.largestDifference(from: expected, in: 0..<length) < 1e-6)
        #expect(flac.left.contains { abs($0) > 0.05 })
    }
}
