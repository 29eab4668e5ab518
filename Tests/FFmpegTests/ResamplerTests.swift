import FFmpeg
import Testing

struct ResamplerTests {
    static let rates = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 88_200, 96_000, 192_000, 44_057]

    private func convert(_ block: PCMBlock, pieces: Int = .max) throws -> (output: StereoBlock, tail: StereoBlock) {
        let resampler = try Resampler(from: block.format)
        var output = StereoBlock()
        var offset = 0
        while offset < block.frameCount {
            let next = min(block.frameCount, offset + min(pieces, block.frameCount))
            let piece = try resampler.convert(
                PCMBlock(format: block.format, channels: block.channels.map { Array($0[offset..<next]) }))
            output.left += piece.left
            output.right += piece.right
            offset = next
        }
        return (output, try resampler.flush())
    }

    /// Output sample k is the input at time k · rate / 48 000: the same sine, sampled at the other rate, fits.
    @Test(arguments: rates)
    func outputLiesWhereTheInputWas(_ rate: Int) throws {
        func sines(_ rate: Int, _ count: Int) -> [Float] {
            (0..<count).map { index in
                let time = Double(index) / Double(rate)
                let low = sine(Float((997 * time).truncatingRemainder(dividingBy: 1) * 2 * .pi))
                return 0.4 * low + 0.2 * sine(Float((2_203 * time).truncatingRemainder(dividingBy: 1) * 2 * .pi))
            }
        }
        let input = sines(rate, rate)
        let block = PCMBlock(format: PCMFormat(sampleRate: rate, layout: .stereo), channels: [input, input])
        let (output, tail) = try convert(block, pieces: 1_024)
        let heard = output.left + tail.left
        let sent = sines(48_000, 48_000)
        #expect(heard.count == 48_000)
        #expect(lag(of: heard, behind: sent) == 0)
        // An error of one sample in position would leave 15 dB.
        #expect(signalToError(heard[500..<47_500], sent[500..<47_500]) > 60)
    }

    /// n samples give ⌈n · 48 000 / rate⌉, however few they are.
    @Test(arguments: rates + [48_000], [0, 1, 5, 17, 147, 1_024, 9_999])
    func lengthIsExactAfterFlush(_ rate: Int, count: Int) throws {
        let signal = Signal(count: count, rate: rate)
        let (output, tail) = try convert(signal.block(rate: rate), pieces: 100)
        #expect(output.frameCount + tail.frameCount == (count * 48_000 + rate - 1) / rate)
    }

    /// An output sample is there with the last input sample it needs, not one later and not one earlier.
    @Test(arguments: rates)
    func filterHoldsBackWhatItSays(_ rate: Int) throws {
        let resampler = try Resampler(from: PCMFormat(sampleRate: rate, layout: .mono))
        let held = Resampler.samplesHeldBack(fromRate: rate)
        let one = PCMBlock(format: resampler.inputFormat, channels: [[0.1]])
        var given = 0
        for newest in 0..<2_000 {
            given += try resampler.convert(one).frameCount
            // Output k needs the input up to ⌊k · rate / 48 000⌋ + held.
            guard newest > 200 else { continue }
            let isComplete = (given - 1) * rate / 48_000 + held <= newest && given * rate / 48_000 + held > newest
            try #require(isComplete, "\(given) samples after \(newest + 1)")
        }
    }

    /// The bits do not depend on how the input was cut.
    @Test(arguments: rates)
    func bitsDoNotDependOnBlockLengths(_ rate: Int) throws {
        let block = Signal(count: 10_000, rate: rate).block(rate: rate)
        let whole = try convert(block)
        let pieces = try convert(block, pieces: 331)
        let isEqual = whole.output.left + whole.tail.left == pieces.output.left + pieces.tail.left
        #expect(isEqual)
    }

    /// A successor that begins at a multiple of the period gives the same bits after the filter's length.
    @Test(arguments: rates)
    func successorOnThePeriodGivesTheSameBits(_ rate: Int) throws {
        let period = Resampler.samplesPerPeriod(fromRate: rate)
        let signal = Signal(count: period * 2 + 20_000, rate: rate)
        let start = period * (1 + 5_000 / period)
        let uninterrupted = try convert(signal.block(rate: rate)).output
        let successor = try convert(signal.block(rate: rate, from: start), pieces: 777).output
        let offset = start * 48_000 / rate
        let warmUp = Resampler.lookahead(fromRate: rate)
        #expect(uninterrupted.frameCount == successor.frameCount + offset)
        let isEqual =
            uninterrupted.left[(offset + warmUp)...] == successor.left[warmUp...]
            && uninterrupted.right[(offset + warmUp)...] == successor.right[warmUp...]
        #expect(isEqual)
    }

    /// One that begins elsewhere gives other samples, which is why the rule is there.
    @Test func successorOffThePeriodGivesOthers() throws {
        let signal = Signal(count: 20_000, rate: 44_100)
        let uninterrupted = try convert(signal.block(rate: 44_100)).output
        let successor = try convert(signal.block(rate: 44_100, from: 1_471)).output
        let offset = (1_471 * 48_000 + 22_050) / 44_100
        #expect(signalToError(successor.left[100..<9_000], uninterrupted.left[(offset + 100)..<(offset + 9_000)]) < 60)
    }

    @Test func stereoAt48kHzIsUntouched() throws {
        let signal = Signal(count: 5_000)
        let (output, tail) = try convert(signal.block(rate: 48_000), pieces: 999)
        let isEqual = output == signal.block
        #expect(isEqual)
        #expect(tail.isEmpty)
    }

    /// Mono is on both sides as loud as it was.
    @Test(arguments: [48_000, 44_100])
    func monoIsDoubledAtUnityGain(_ rate: Int) throws {
        let level = [Float](repeating: 0.5, count: 4_000)
        let (output, _) = try convert(PCMBlock(format: PCMFormat(sampleRate: rate, layout: .mono), channels: [level]))
        let isEqual = output.left == output.right
        #expect(isEqual)
        #expect(output.left[100..<3_000].allSatisfy { abs($0 - 0.5) < 1e-3 })
    }

    /// 5.1 and 7.1: each channel goes to its side, the sum of all cannot clip, and the low-frequency channel is left out.
    @Test(arguments: [(6, UInt64(0x3F)), (6, 0x60F), (8, 0x63F), (8, 0), (6, 0), (3, 0), (4, 0)], [48_000, 44_100])
    func manyChannelsAreMixedDown(_ layout: (count: Int, speakers: UInt64), rate: Int) throws {
        let format = PCMFormat(
            sampleRate: rate, layout: ChannelLayout(channelCount: layout.count, speakers: layout.speakers))
        func level(_ values: [Float]) throws -> (left: Float, right: Float) {
            let channels = values.map { [Float](repeating: $0, count: 2_000) }
            let (output, _) = try convert(PCMBlock(format: format, channels: channels))
            return (output.left[1_000], output.right[1_000])
        }
        func only(_ channel: Int) throws -> (left: Float, right: Float) {
            try level((0..<layout.count).map { $0 == channel ? 1 : 0 })
        }
        let all = try level([Float](repeating: 1, count: layout.count))
        #expect(abs(all.left - 1) < 1e-3 && abs(all.right - 1) < 1e-3)
        let (left, right, centre) = (try only(0), try only(1), try only(2))
        #expect(left.left > 0.25 && left.right == 0)
        #expect(right.right > 0.25 && right.left == 0)
        if layout.count > 4 {
            #expect(abs(centre.left - left.left * 0.7071) < 1e-3 && centre.left == centre.right)
            #expect(try only(3) == (0, 0))
        }
    }

    @Test func otherFormatIsRefused() throws {
        let resampler = try Resampler(from: PCMFormat(sampleRate: 44_100, layout: .stereo))
        #expect(throws: FFmpegError.self) { try resampler.convert(Signal(count: 10).block(rate: 48_000)) }
        #expect(throws: FFmpegError.self) { try Resampler(from: PCMFormat(sampleRate: 1, layout: .stereo)) }
        let many = ChannelLayout(channelCount: 9)
        #expect(throws: FFmpegError.self) { try Resampler(from: PCMFormat(sampleRate: 48_000, layout: many)) }
    }
}
