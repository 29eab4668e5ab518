import AudioTimeline
import CMAF
import FFmpeg
import NIOCore

/// One rendition of one epoch: encoder, and the packets that wait for their part to be whole.
final class RenditionTrack {
    let rendition: Rendition
    let setup: RenditionSetup
    private let encoder: AudioEncoder
    /// Position of the first sample that the encoder takes: what lies before is left out.
    private let start: Int64
    private var packets: [EncodedPacket] = []
    private var encodedUntil: Int64

    /// - Parameter position: where the samples begin; the encoder starts on its own frame grid at or after it.
    init(rendition: Rendition, position: Int64) throws {
        self.rendition = rendition
        let frame = rendition.frameSamples
        start = (position + frame - 1) / frame * frame
        encodedUntil = start
        encoder = try AudioEncoder(EncoderFormat(rendition), position: start)
        setup = try RenditionSetup(rendition, encoder: encoder)
    }

    func encode(_ block: StereoBlock, at position: Int64) throws {
        guard position + Int64(block.frameCount) > start else { return }
        let skipped = Int(max(0, start - position))
        let taken =
            skipped == 0
            ? block : StereoBlock(left: Array(block.left[skipped...]), right: Array(block.right[skipped...]))
        take(try encoder.encode(taken))
    }

    /// Drains the encoder at the end of an epoch.
    func finish() throws { take(try encoder.finish()) }

    private func take(_ new: [EncodedPacket]) {
        packets += new
        if let last = new.last { encodedUntil = last.position + Int64(last.duration) }
    }

    /// Whether every packet that ends in the slot is there.
    func isComplete(slot: Int64) -> Bool {
        encodedUntil > (slot + 1) * Timeline.slotSamples - rendition.frameSamples
    }

    /// Whether the slot is encoded from its very start.
    func covers(slot: Int64) -> Bool {
        // The packet that began in the slot before belongs to this part (Opus).
        (packets.first?.position ?? .max) <= slot * Timeline.slotSamples
    }

    /// The part of the slot: all packets that end in it, or at the end of an epoch all that are left.
    func takePart(slot: Int64, isLast: Bool, events: [EventMessage]) -> RenditionPart? {
        let end = isLast ? Int64.max : (slot + 1) * Timeline.slotSamples
        let count = packets.firstIndex { $0.position + Int64($0.duration) > end } ?? packets.count
        guard count > 0 else { return nil }
        let taken = packets.prefix(count)
        let part = MediaPart(
            sequenceNumber: UInt32(truncatingIfNeeded: slot + 1),
            baseMediaDecodeTime: UInt64(packets[0].position),
            samples: taken.map { .init(duration: UInt32($0.duration), payload: $0.payload) },
            events: events,
            rollGroup: rendition.format == .opus)
        var bytes = ByteBuffer()
        part.write(into: &bytes)
        packets.removeFirst(count)
        return RenditionPart(durationSamples: UInt32(part.duration), bytes: bytes)
    }

    /// Forgets what ends before or in the slot.
    func drop(through slot: Int64) {
        let end = (slot + 1) * Timeline.slotSamples
        packets.removeAll { $0.position + Int64($0.duration) <= end }
    }
}

extension EncoderFormat {
    init(_ rendition: Rendition) {
        switch rendition.format {
        case .aac: self = .aac(bitsPerSecond: rendition.bitRate)
        case .opus: self = .opus(bitsPerSecond: rendition.bitRate)
        case .flac: self = .flac
        }
    }
}

extension RenditionSetup {
    fileprivate init(_ rendition: Rendition, encoder: AudioEncoder) throws {
        let format: AudioFormat
        switch rendition.format {
        case .aac: format = .aac(try CMAF.AudioSpecificConfig(encoder.setup))
        case .opus: format = .opus(OpusConfiguration(channels: 2, preSkip: 0, inputSampleRate: 48_000))
        case .flac: format = .flac(try FLACStreamInfo(encoder.setup))
        }
        var initialization = ByteBuffer()
        InitializationSegment(format: format, bitRate: UInt32(rendition.bitRate)).write(into: &initialization)
        // A part costs about 150 bytes of boxes, 5.2 times a second; encoders swing round their rate by a tenth. FLAC
        // has no rate: what 24 bits of stereo take at most, and about half of it for music.
        let average = rendition.bitRate == 0 ? 1_200_000 : rendition.bitRate + 7_000
        let peak = rendition.bitRate == 0 ? 2_400_000 : rendition.bitRate * 11 / 10 + 8_000
        self.init(
            name: rendition.name, codecs: format.codecs, peakBitRate: UInt32(peak), averageBitRate: UInt32(average),
            partTargetSamples: UInt32(rendition.partTargetSamples), initialization: initialization)
    }
}
