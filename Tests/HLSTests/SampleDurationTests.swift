import HLS
import NIOCore
import Testing

struct SampleDurationTests {
    private func printed(_ samples: Int) -> String {
        var buffer = ByteBuffer()
        MediaPlaylist(
            targetDurationSeconds: 2,
            segments: [Segment(uri: "a", durationSamples: samples)]
        ).write(into: &buffer)
        let line = String(buffer: buffer).split(separator: "\n").first { $0.hasPrefix("#EXTINF:") } ?? ""
        return String(line.dropFirst(8).dropLast())
    }

    /// P10: full segments and parts are exact.
    @Test(arguments: [
        (92_160, "1.92000"), (9216, "0.19200"), (9600, "0.20000"), (8640, "0.18000"), (1024, "0.02133"),
        (2048, "0.04267"), (0, "0.00000"), (47_999, "0.99998"), (48_000, "1.00000"), (-5, "0.00000"),
        (172_800_000_000, "3600000.00000"), (95_999, "1.99998"),
    ])
    func showsSecondsWithFiveDecimals(samples: Int, text: String) {
        #expect(printed(samples) == text)
    }

    /// L2: rounding keeps order, so a part that is not longer than the target is not printed longer.
    @Test func longerDurationsAreNeverPrintedShorter() throws {
        var previous = -1.0
        for samples in 0..<20_000 {
            let value = try #require(Double(printed(samples)))
            #expect(value > previous)
            previous = value
        }
    }

    /// P11: full parts and a short last one add up to their segment, as printed.
    @Test func printedPartsAddUpToThePrintedSegment() throws {
        for lastFrames in 1...9 {
            let parts = [9216, 9216, 9216, lastFrames * 1024]
            let sum = parts.reduce(0) { $0 + (Int(printed($1).filter { $0 != "." }) ?? 0) }
            #expect(sum == Int(printed(parts.reduce(0, +)).filter { $0 != "." }))
        }
    }

    /// P9: EXTINF is rounded to the nearest integer before it is compared.
    @Test(arguments: [(92_160, 2), (71_999, 1), (72_000, 2), (119_999, 2), (120_000, 3)])
    func roundsToTheNearestSecond(samples: Int, seconds: Int) {
        #expect(SampleDuration.nearestSeconds(samples) == seconds)
    }

    @Test func whatIsPrintedIsReadExactly() throws {
        for samples in stride(from: 0, to: 200_000, by: 7) {
            let text = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:\(printed(samples)),\na\n"
            #expect(try MediaPlaylist(parsing: ByteBuffer(string: text)).segments[0].durationSamples == samples)
        }
    }
}
