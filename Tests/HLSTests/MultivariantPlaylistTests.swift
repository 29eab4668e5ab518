import HLS
import NIOCore
import Testing

struct MultivariantPlaylistTests {
    private let playlist = MultivariantPlaylist(variants: [
        .init(uri: "aac-64/live.m3u8", bandwidth: 72_000, averageBandwidth: 70_000, codecs: ["mp4a.40.2"]),
        .init(uri: "flac/live.m3u8", bandwidth: 1_800_000, codecs: ["fLaC"]),
    ])

    private var text: String {
        var buffer = ByteBuffer()
        playlist.write(into: &buffer)
        return String(buffer: buffer)
    }

    /// A1, A2, A3, A5, A7, A12, A13, A14: the whole text.
    @Test func isWrittenLineByLine() {
        #expect(
            text == """
                #EXTM3U
                #EXT-X-VERSION:1
                #EXT-X-INDEPENDENT-SEGMENTS
                #EXT-X-STREAM-INF:BANDWIDTH=72000,AVERAGE-BANDWIDTH=70000,CODECS="mp4a.40.2"
                aac-64/live.m3u8
                #EXT-X-STREAM-INF:BANDWIDTH=1800000,CODECS="fLaC"
                flac/live.m3u8

                """
        )
    }

    @Test func isReadBackAsItWasWritten() throws {
        #expect(try MultivariantPlaylist(parsing: ByteBuffer(string: text)) == playlist)
        #expect(throws: PlaylistError.self) { try MediaPlaylist(parsing: ByteBuffer(string: text)) }
    }

    /// A2: the peak over every run of 0.5 to 1.5 target durations.
    @Test func peakBandwidthIsThatOfTheWorstRun() {
        // Runs may last 1 to 3.5 s: single segments, not two.
        let segments = [40_000, 48_000, 44_000].map {
            PeakBandwidth.SegmentSize(byteCount: $0, durationSamples: 92_160)
        }
        #expect(PeakBandwidth.bitsPerSecond(of: segments, targetDurationSeconds: 2) == 200_000)
        #expect(PeakBandwidth.averageBitsPerSecond(of: segments) == 183_334)
        // A short last segment does not count alone, but together with the one before it.
        let short = segments + [PeakBandwidth.SegmentSize(byteCount: 20_000, durationSamples: 9216)]
        let joined = Int((64_000.0 * 8 * 48_000 / 101_376).rounded(.up))
        #expect(PeakBandwidth.bitsPerSecond(of: short, targetDurationSeconds: 2) == joined)
        #expect(PeakBandwidth.bitsPerSecond(of: [], targetDurationSeconds: 2) == 0)
        let only = [PeakBandwidth.SegmentSize(byteCount: 1200, durationSamples: 4800)]
        #expect(PeakBandwidth.bitsPerSecond(of: only, targetDurationSeconds: 2) == 96_000)
    }
}
