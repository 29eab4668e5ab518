import AudioTimeline
import FFmpeg
import NIOCore

/// Turns the batches of one stream into bundles. All its work happens on one codec thread.
actor StreamTranscoder {
    /// What a batch brought.
    struct Outcome: Sendable {
        var bundles: [MediaBundle]
        /// The batch's epoch, and the position up to which its samples reach.
        var epoch: UInt32
        var endPosition: Int64
        /// How much the decoders need to see again when another worker takes over, in samples of 48 kHz.
        var preRoll: Int64
        var hasEnded: Bool
        var brokenPackets: Int
        /// A leg of which nothing can be heard, told once.
        var silentLeg: SilentLeg?
    }

    struct SilentLeg: Sendable, Equatable {
        var number: UInt32
        var codec: AudioCodec
        var reason: String
    }

    private let thread: CodecThread
    private let ladder: Ladder
    private var continuation: Continuation
    private var encoder: EpochEncoder?
    private var decoder: SourceDecoder?
    private var undecodableLeg: UInt32?
    private var silentLeg: SilentLeg?
    private var toldLeg: UInt32?
    private var lastSequence: UInt64?
    private var hasEnded = false
    private var brokenPackets = 0
    private var packetSamples: Int64 = 1024

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(ladder: Ladder, continuation: Continuation, thread: CodecThread) {
        self.ladder = ladder
        self.continuation = continuation
        self.thread = thread
    }

    /// Takes a batch. An error means that an encoder failed: the caller gives the stream up.
    /// - Parameter isNewest: no other waits behind it.
    func transcode(_ batch: SourceBatch, isNewest: Bool = true) throws -> Outcome {
        var bundles: [MediaBundle] = []
        let current = encoder?.epoch ?? continuation.epoch ?? 0
        let isRepeated = batch.epoch == current && lastSequence.map { batch.sequence <= $0 } ?? false
        if let end = endOfUnneeded(batch) {
            return Outcome(
                bundles: [], epoch: batch.epoch, endPosition: end, preRoll: preRoll, hasEnded: false, brokenPackets: 0)
        }
        if !hasEnded, batch.epoch >= current, !isRepeated {
            if batch.epoch > current || encoder == nil { bundles += try open(epoch: batch.epoch) }
            lastSequence = batch.sequence
            if let encoder {
                try take(batch, into: encoder)
                if isNewest { try encoder.endWarmUp() }
                bundles += encoder.takeBundles()
                if hasEnded { bundles += try encoder.finish() }
            }
        }
        if !bundles.isEmpty { continuation.isNextSlotPoisoned = false }
        let (broken, silent) = (brokenPackets, silentLeg)
        (brokenPackets, silentLeg) = (0, nil)
        return Outcome(
            bundles: bundles, epoch: batch.epoch, endPosition: encoder?.position ?? 0,
            preRoll: preRoll, hasEnded: hasEnded, brokenPackets: broken, silentLeg: silent)
    }

    /// Decoders converge within ten packets.
    private var preRoll: Int64 { 10 * packetSamples + Continuation.wholeWarmUp * 1024 }

    /// Where a batch ends that lies before all that this worker warms up with; nil for any other.
    private func endOfUnneeded(_ batch: SourceBatch) -> Int64? {
        guard continuation.warmUpFrames < Continuation.wholeWarmUp, encoder == nil, batch.epoch == continuation.epoch
        else { return nil }
        var end: Int64 = 0
        for item in batch.items {
            switch item {
            case .packet(let packet):
                guard let leg = batch.leg else { return nil }
                end = max(end, leg.position(ofSample: packet.position + Int64(packet.length)))
                packetSamples = max(
                    packetSamples,
                    Int64(packet.length) * Timeline.sampleRate / Int64(max(1, leg.configuration.sampleRate)))
            case .silence(let start, let length): end = max(end, start + length)
            case .legEnd(let position), .nowPlaying(_, let position): end = max(end, position)
            case .end: return nil
            }
        }
        let needed = 10 * packetSamples + continuation.warmUpFrames * 1024
        return end <= continuation.nextSlot * Timeline.slotSamples - needed ? end : nil
    }

    /// Drains the epoch before, whose open segment is closed short, and opens the next.
    private func open(epoch: UInt32) throws -> [MediaBundle] {
        var bundles: [MediaBundle] = []
        lastSequence = nil
        decoder = nil
        (undecodableLeg, toldLeg) = (nil, nil)
        if let old = encoder {
            bundles = try old.finish()
            continuation.nowPlaying = old.nowPlaying
            continuation.goOn(
                nextMediaSequence: old.firstMediaSequence + Self.segmentCount(slots: old.nextSlot),
                discontinuitySequence: old.discontinuitySequence + (old.nextSlot > 0 ? 1 : 0))
        } else if let known = continuation.epoch, known < epoch {
            // The predecessor wrote an epoch that is over: this one goes on behind its last segment.
            continuation.goOn(
                nextMediaSequence: continuation.firstMediaSequence + Self.segmentCount(slots: continuation.nextSlot),
                discontinuitySequence: continuation.discontinuitySequence + 1)
        }
        encoder = EpochEncoder(
            epoch: epoch, ladder: ladder, firstMediaSequence: continuation.firstMediaSequence,
            discontinuitySequence: continuation.discontinuitySequence, nextSlot: continuation.nextSlot,
            warmUpFrames: continuation.warmUpFrames, warmsUpSideBySide: continuation.warmsUpSideBySide,
            nowPlaying: continuation.nowPlaying)
        return bundles
    }

    /// Segments that so many slots have begun.
    private static func segmentCount(slots: Int64) -> UInt64 {
        UInt64((slots + Timeline.slotsPerSegment - 1) / Timeline.slotsPerSegment)
    }

    private func take(_ batch: SourceBatch, into encoder: EpochEncoder) throws {
        encoder.dated(epochDateMicroseconds: batch.epochDateMicroseconds)
        for item in batch.items {
            switch item {
            case .packet(let packet): try decode(packet, of: batch, into: encoder)
            case .silence(let start, let length):
                try encoder.begin(at: start)
                try encoder.appendSilence(until: start + length)
            case .legEnd(let position): try endLeg(at: position, encoder)
            case .nowPlaying(let nowPlaying, let position):
                encoder.nowPlayingChanged(nowPlaying, at: position)
            case .end: hasEnded = true
            }
        }
    }

    private func decode(_ packet: SourcePacket, of batch: SourceBatch, into encoder: EpochEncoder) throws {
        guard let leg = batch.leg else { return }
        if leg.number == undecodableLeg {
            return try encoder.appendSilence(until: leg.position(ofSample: packet.position + Int64(packet.length)))
        }
        let frame = Int64(packet.skip) + Int64(packet.length)
        let samples = frame * Timeline.sampleRate / Int64(leg.configuration.sampleRate)
        // One that the padding was cut off is as long for the decoder as those before.
        packetSamples = decoder?.leg.number == leg.number ? max(packetSamples, samples) : samples
        if decoder?.leg.number != leg.number {
            do {
                decoder = try SourceDecoder(leg: leg)
            } catch {
                // Nothing of this leg can be heard; silence keeps the clock, the next leg may be better.
                undecodableLeg = leg.number
                brokenPackets += 1
                tell(leg, "\(error)")
                try encoder.begin(at: leg.position(ofSample: packet.position))
                return
            }
        }
        guard let decoder else { return }
        let before = decoder.brokenPackets
        let block: StereoBlock
        do {
            block = try decoder.decode(packet, isMuted: isPoisoned(packet, of: leg, in: encoder))
        } catch {
            // What the decoder gives cannot be brought to 48 kHz: an unheard-of rate or layout.
            self.decoder = nil
            undecodableLeg = leg.number
            brokenPackets += 1
            tell(leg, "\(error)")
            try encoder.begin(at: leg.position(ofSample: packet.position))
            return
        }
        brokenPackets += decoder.brokenPackets - before
        if let reason = decoder.reasonOfSilence { tell(leg, reason) }
        guard !block.isEmpty else { return }
        try encoder.append(block, at: encoder.position.map { max($0, leg.start) } ?? decoder.firstPosition ?? leg.start)
    }

    /// Once a leg: Ingest refuses what it cannot decode itself, so this is a leg that began well, or a worker that cannot do
    /// what Ingest can.
    private func tell(_ leg: Leg, _ reason: String) {
        guard toldLeg != leg.number else { return }
        toldLeg = leg.number
        silentLeg = SilentLeg(number: leg.number, codec: leg.configuration.codec, reason: reason)
    }

    private func isPoisoned(_ packet: SourcePacket, of leg: Leg, in encoder: EpochEncoder) -> Bool {
        let start = leg.position(ofSample: packet.position)
        let end = max(start, leg.position(ofSample: packet.position + Int64(packet.length)))
        if continuation.isNextSlotPoisoned, end > encoder.nextSlot * Timeline.slotSamples { return true }
        return continuation.poisonedSlots.contains { $0.holds(start..<end, epoch: encoder.epoch) }
    }

    /// Flushes decoder and resampler and cuts at the leg's end.
    private func endLeg(at end: Int64, _ encoder: EpochEncoder) throws {
        if let decoder, let position = encoder.position, position < end {
            var rest = try decoder.finish()
            let room = Int(end - position)
            if rest.frameCount > room {
                rest = StereoBlock(left: Array(rest.left.prefix(room)), right: Array(rest.right.prefix(room)))
            }
            try encoder.append(rest, at: position)
        }
        decoder = nil
        try encoder.appendSilence(until: end)
    }
}
