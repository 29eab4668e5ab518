import AudioTimeline
import FFmpeg

/// Decodes one leg and brings it onto the 48 kHz clock.
///
/// Packets that cannot be decoded become silence of their own length, so that nothing behind them moves.
final class SourceDecoder {
    let leg: Leg
    private let decoder: AudioDecoder
    private var resampler: Resampler?
    private var format: PCMFormat?
    /// Samples of the decoder's rate to leave out, so that the resampler starts where its phase is zero.
    private var leftOut = 0
    private(set) var brokenPackets = 0
    private var hasDecoded = false
    private var triedPackets = 0
    /// What the decoder said last.
    private var failure: String?
    /// So many packets in a row, from the first on, are no accident.
    private static let silentPackets = 32

    /// Why nothing of the leg can be heard, once enough was tried.
    var reasonOfSilence: String? {
        hasDecoded || triedPackets < Self.silentPackets ? nil : failure ?? "there is no sound in it"
    }

    /// Position on the 48 kHz clock of the first sample that comes out; known once something was decoded.
    private(set) var firstPosition: Int64?

    init(leg: Leg) throws {
        self.leg = leg
        decoder = try AudioDecoder(leg.configuration)
    }

    /// - Parameter isMuted: take the packet as silence without showing it to the decoder.
    func decode(_ packet: SourcePacket, isMuted: Bool) throws -> StereoBlock {
        var block: PCMBlock?
        if !isMuted {
            do {
                triedPackets += 1
                block = try decoder.decode(packet.payload)
                hasDecoded = hasDecoded || block != nil
            } catch {
                brokenPackets += 1
                failure = "\(error)"
            }
        }
        // The first of Vorbis, or nothing but what the encoder put in front: the decoder had to see it.
        if packet.length == 0 { return StereoBlock() }
        let format = block?.format ?? self.format ?? assumedFormat
        let expected = Int(packet.length) * format.sampleRate / leg.configuration.sampleRate
        var pcm = block ?? PCMBlock(format: format, channels: silence(format, count: expected))
        if packet.skip > 0, block != nil {
            pcm.removeFirst(Int(packet.skip) * format.sampleRate / leg.configuration.sampleRate)
        }
        if pcm.frameCount != expected { fit(&pcm, to: expected) }
        let start = try prepare(for: format, at: packet)
        if leftOut > 0 {
            let cut = min(leftOut, pcm.frameCount)
            leftOut -= cut
            pcm.removeFirst(cut)
        }
        let converted = try resampler?.convert(pcm) ?? StereoBlock()
        return StereoBlock(left: start.left + converted.left, right: start.right + converted.right)
    }

    /// Gives what decoder and resampler still hold.
    func finish() throws -> StereoBlock {
        try resampler?.flush() ?? StereoBlock()
    }

    /// Until the decoder tells, the announcement counts.
    private var assumedFormat: PCMFormat {
        PCMFormat(
            sampleRate: leg.configuration.sampleRate, layout: leg.configuration.channels == 1 ? .mono : .stereo)
    }

    private func silence(_ format: PCMFormat, count: Int) -> [[Float]] {
        [[Float]](repeating: [Float](repeating: 0, count: count), count: format.layout.channelCount)
    }

    private func fit(_ pcm: inout PCMBlock, to count: Int) {
        for channel in pcm.channels.indices {
            if pcm.channels[channel].count > count {
                pcm.channels[channel].removeLast(pcm.channels[channel].count - count)
            } else {
                pcm.channels[channel] += [Float](repeating: 0, count: count - pcm.channels[channel].count)
            }
        }
    }

    /// - Returns: what a resampler for another format still held.
    private func prepare(for format: PCMFormat, at packet: SourcePacket) throws -> StereoBlock {
        guard format != self.format else { return StereoBlock() }
        let rest = try resampler?.flush() ?? StereoBlock()
        self.format = format
        resampler = try Resampler(from: format)
        if firstPosition == nil {
            let rate = Int64(format.sampleRate)
            let counted = Int64(leg.configuration.sampleRate)
            // Dividing first keeps years of samples from overflowing.
            let index =
                packet.position / counted * rate + packet.position % counted * rate / counted
            let period = rate / Self.greatestCommonDivisor(rate, Timeline.sampleRate)
            let start = (index + period - 1) / period * period
            leftOut = Int(start - index)
            firstPosition = leg.start + start / period * (Timeline.sampleRate * period / rate)
        }
        return rest
    }

    private static func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}

extension PCMBlock {
    fileprivate mutating func removeFirst(_ count: Int) {
        for channel in channels.indices { channels[channel].removeFirst(min(count, channels[channel].count)) }
    }
}
