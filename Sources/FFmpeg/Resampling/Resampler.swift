import AudioTimeline
import CFFmpeg

/// Brings decoded samples of one format to 48 kHz stereo.
///
/// Output sample k is the input at time k · rate / 48 000, exactly: no delay is left in and none accumulates.
/// Stereo at 48 kHz goes through bit by bit; mono goes to both sides at unity gain; more channels are mixed down with
/// the coefficients of ITU-R BS.775, scaled so that full scale in all channels stays full scale.
///
/// The filter looks ahead, so the newest ``samplesHeldBack`` input samples come out with the next block. It has no
/// memory beyond its length: a second resampler that begins at an input index that is a multiple of
/// ``samplesPerPeriod`` gives the same bits as the first, from ``lookahead(fromRate:)`` samples of output after its beginning.
///
/// Not for two threads at once; it may be handed from one to another.
public final class Resampler {
    /// Sample rates that can be converted.
    public static let rates = CodecConfiguration.sampleRates

    public let inputFormat: PCMFormat

    private let context: ResamplerContext?
    private var inputCount = 0
    private var outputCount = 0

    /// - Throws: ``FFmpegError/Reason/unsupported`` for a rate outside ``rates`` or more than
    ///   ``ChannelLayout/mostChannels``.
    public init(from format: PCMFormat) throws(FFmpegError) {
        guard Self.rates.contains(format.sampleRate) else {
            throw FFmpegError(.unsupported, "\(format.sampleRate) samples a second; send 44 100 or 48 000")
        }
        guard (1...ChannelLayout.mostChannels).contains(format.layout.channelCount) else {
            throw FFmpegError(
                .unsupported, "\(format.layout.channelCount) channels; send at most \(ChannelLayout.mostChannels)")
        }
        inputFormat = format
        let isCopy = format.sampleRate == StereoBlock.sampleRate && format.layout.channelCount <= 2
        context = isCopy ? nil : try ResamplerContext(from: format)
    }

    /// Input samples after which input and output positions meet again: rate / gcd(rate, 48 000), 147 at 44.1 kHz.
    public static func samplesPerPeriod(fromRate rate: Int) -> Int {
        var (greater, smaller) = (rate, StereoBlock.sampleRate)
        while smaller != 0 { (greater, smaller) = (smaller, greater % smaller) }
        return rate / max(greater, 1)
    }

    /// Input samples that the filter needs behind the newest one it gives: 0 at 48 kHz, 16 below, 33 at 96 kHz, 66 at
    /// 192 kHz (measured; half of libswresample's 32 taps, which grow where its cut-off lies below the input's band).
    public static func samplesHeldBack(fromRate rate: Int) -> Int {
        let cutOff = StereoBlock.sampleRate * 97 / 100
        return rate == StereoBlock.sampleRate ? 0 : max(16, (16 * rate + cutOff - 1) / cutOff)
    }

    /// The same in samples of 48 kHz, rounded up: 18 at 44.1 kHz, 32 at 24 kHz, 35 at 22.05 kHz, 96 at 8 kHz.
    public static func lookahead(fromRate rate: Int) -> Int {
        (samplesHeldBack(fromRate: rate) * StereoBlock.sampleRate + rate - 1) / rate
    }

    public var samplesPerPeriod: Int { Self.samplesPerPeriod(fromRate: inputFormat.sampleRate) }
    public var samplesHeldBack: Int { Self.samplesHeldBack(fromRate: inputFormat.sampleRate) }

    /// Converts the next samples.
    ///
    /// - Throws: ``FFmpegError/Reason/formatChanged`` when the block is in another format than ``inputFormat``: flush this
    ///   resampler and make a new one.
    public func convert(_ block: PCMBlock) throws(FFmpegError) -> StereoBlock {
        guard block.format == inputFormat else {
            throw FFmpegError(.formatChanged, "the resampler is for \(inputFormat), not for \(block.format)")
        }
        guard block.channels.count == inputFormat.layout.channelCount,
            block.channels.allSatisfy({ $0.count == block.frameCount })
        else { throw FFmpegError(.invalidData, "channels of different length") }
        guard let first = block.channels.first, !first.isEmpty else { return StereoBlock() }
        guard let context else { return StereoBlock(left: first, right: block.channels.last ?? first) }
        inputCount += block.frameCount
        let output = try context.convert(block.channels)
        outputCount += output.frameCount
        return output
    }

    /// Gives what was held back, so that n input samples have given ⌈n · 48 000 / rate⌉ in all, and begins anew.
    public func flush() throws(FFmpegError) -> StereoBlock {
        guard let context else { return StereoBlock() }
        let total = (inputCount * StereoBlock.sampleRate + inputFormat.sampleRate - 1) / inputFormat.sampleRate
        let missing = total - outputCount
        (inputCount, outputCount) = (0, 0)
        guard missing > 0 else {
            try context.restart()
            return StereoBlock()
        }
        var output = try context.drain()
        try context.restart()
        if output.frameCount > missing {
            output.left.removeLast(output.frameCount - missing)
            output.right.removeLast(output.right.count - missing)
        } else if output.frameCount < missing {
            // Fewer samples came in than the filter is long.
            let padding = [Float](repeating: 0, count: missing - output.frameCount)
            output.left += padding
            output.right += padding
        }
        return output
    }
}

@available(*, unavailable)
extension Resampler: Sendable {}
