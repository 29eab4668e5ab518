import AudioTimeline
import CMAF
import FFmpeg
import NIOCore

/// Encodes one epoch: samples on its clock go in, whole bundles come out.
///
/// Encoders are never flushed or opened again within an epoch.
final class EpochEncoder {
    let epoch: UInt32
    let firstMediaSequence: UInt64
    let discontinuitySequence: UInt64
    private let ladder: Ladder
    private var tracks: [RenditionTrack] = []
    /// Position of the next sample; nil before the first.
    private(set) var position: Int64?
    private(set) var nextSlot: Int64
    /// So many AAC frames before `nextSlot` an encoder is shown at most; what lies before that is for the decoder only.
    private let warmUpFrames: Int64
    private let warmsUpSideBySide: Bool
    /// While a successor catches up.
    private var warmUp: WarmUp?
    private var isFirst = true
    private var meter = LevelMeter()
    private var segmentDates: [Int64: Int64] = [:]
    private var dateMicroseconds: Int64 = 0
    private(set) var nowPlaying: NowPlaying
    private var nowPlayingChanges: [(position: Int64, nowPlaying: NowPlaying)] = []

    init(
        epoch: UInt32, ladder: Ladder, firstMediaSequence: UInt64, discontinuitySequence: UInt64, nextSlot: Int64,
        warmUpFrames: Int64, warmsUpSideBySide: Bool = true, nowPlaying: NowPlaying
    ) {
        self.epoch = epoch
        self.ladder = ladder
        self.firstMediaSequence = firstMediaSequence
        self.discontinuitySequence = discontinuitySequence
        self.nextSlot = nextSlot
        self.warmUpFrames = warmUpFrames
        self.warmsUpSideBySide = warmsUpSideBySide
        self.nowPlaying = nowPlaying
    }

    /// The date of sample 0, in force for segments that begin from here on.
    func dated(epochDateMicroseconds: Int64) { dateMicroseconds = epochDateMicroseconds }

    func nowPlayingChanged(_ nowPlaying: NowPlaying, at position: Int64) {
        nowPlayingChanges.append((position, nowPlaying))
    }

    /// Takes samples that begin at `start`. A hole becomes silence; what overlaps is left out.
    func append(_ block: StereoBlock, at start: Int64) throws {
        var block = block
        var start = start
        if let position, start < position {
            let overlap = Int(min(position - start, Int64(block.frameCount)))
            block = StereoBlock(left: Array(block.left[overlap...]), right: Array(block.right[overlap...]))
            start = position
        }
        guard !block.isEmpty else { return }
        if let position { try appendSilence(until: start, from: position) }
        try feed(block, at: start)
    }

    func appendSilence(until end: Int64) throws {
        guard let position else { return }
        try appendSilence(until: end, from: position)
    }

    /// Begins the epoch at `start`, when it begins with silence.
    func begin(at start: Int64) throws {
        guard position == nil else { return }
        try open(at: start)
    }

    private func appendSilence(until end: Int64, from start: Int64) throws {
        var start = start
        while start < end {
            // In pieces of half a second, so that a long silence needs no more memory than a short one.
            let count = min(end - start, 24_000)
            try feed(StereoBlock(silence: Int(count)), at: start)
            start += count
        }
    }

    /// Where a predecessor's last slot and the source do not meet, what is missing between them was lost: silence.
    private func open(at start: Int64) throws {
        let due = nextSlot * Timeline.slotSamples
        let isMissing = nextSlot > 0 && start > due && start - due <= Self.longestSilence
        let first = isMissing ? max(0, due - warmUpFrames * 1024) : start
        position = first
        tracks = try ladder.renditions.map { rendition in
            let warmUp = min(warmUpFrames, Continuation.enoughWarmUp(for: rendition)) * 1024
            return try RenditionTrack(rendition: rendition, position: max(first, due - warmUp))
        }
        if nextSlot > 0, warmsUpSideBySide {
            let lookahead = ladder.renditions.map { Int64(EncoderFormat($0).lookahead) }.max() ?? 0
            warmUp = WarmUp(from: first, until: due + Timeline.slotSamples + lookahead)
        }
        try appendSilence(until: start, from: first)
    }

    /// Longer than that, listeners are better off with what is live: it takes seconds to encode.
    private static let longestSilence = 600 * Timeline.sampleRate

    private func feed(_ block: StereoBlock, at start: Int64) throws {
        if position == nil { try open(at: start) }
        let end = start + Int64(block.frameCount)
        let segments = start / Timeline.segmentSamples...(end - 1) / Timeline.segmentSamples
        for segment in segments where segmentDates[segment] == nil {
            segmentDates[segment] =
                dateMicroseconds + Timeline.microseconds(samples: segment * Timeline.segmentSamples)
        }
        meter.add(block, at: start)
        position = end
        guard warmUp != nil else {
            for track in tracks { try track.encode(block, at: start) }
            return
        }
        warmUp?.append(block)
        if warmUp?.isWhole == true { try endWarmUp() }
    }

    /// Encodes what a successor has heard so far. Called as well when the source has no more yet.
    func endWarmUp() throws {
        guard let whole = warmUp else { return }
        warmUp = nil
        try whole.encode(with: tracks)
    }

    /// Bundles that have become whole.
    func takeBundles() -> [MediaBundle] {
        // What a predecessor has delivered was encoded for warm-up only.
        for track in tracks { track.drop(through: nextSlot - 1) }
        var bundles: [MediaBundle] = []
        while !tracks.isEmpty, tracks.allSatisfy({ $0.isComplete(slot: nextSlot) }) {
            guard tracks.allSatisfy({ $0.covers(slot: nextSlot) }) else {
                // Warm-up: encoded only to bring the encoders into the state that their predecessors had.
                for track in tracks { track.drop(through: nextSlot) }
                nextSlot += 1
                continue
            }
            guard let bundle = bundle(isLast: false) else { break }
            bundles.append(bundle)
        }
        return bundles
    }

    /// Drains the encoders: what is left becomes the last part, and the segment is closed short.
    func finish() throws -> [MediaBundle] {
        guard let end = position else { return [] }
        try endWarmUp()
        for track in tracks { try track.finish() }
        let lastSlot = (end - 1) / Timeline.slotSamples
        var bundles: [MediaBundle] = []
        while nextSlot <= lastSlot, let bundle = bundle(isLast: nextSlot == lastSlot) { bundles.append(bundle) }
        return bundles
    }

    private func bundle(isLast: Bool) -> MediaBundle? {
        let slot = nextSlot
        let start = slot * Timeline.slotSamples
        let end = isLast ? position ?? start : start + Timeline.slotSamples
        let (segment, part) = slot.quotientAndRemainder(dividingBy: Timeline.slotsPerSegment)
        let change = takeNowPlaying(before: end)
        let announced = change ?? (isFirst || part == 0 ? nowPlaying : nil)
        let events = announced.flatMap { event(for: $0, at: start, segment: segment) }.map { [$0] } ?? []
        var parts: [RenditionPart] = []
        for track in tracks {
            guard let taken = track.takePart(slot: slot, isLast: isLast, events: events) else { return nil }
            parts.append(taken)
        }
        nextSlot += 1
        defer { isFirst = false }
        segmentDates = segmentDates.filter { $0.key >= segment }
        return MediaBundle(
            generation: 0, epoch: epoch, mediaSequence: firstMediaSequence + UInt64(segment),
            discontinuitySequence: discontinuitySequence, part: UInt8(part), position: start,
            durationSamples: UInt32(end - start),
            isLastOfSegment: isLast || part == Timeline.slotsPerSegment - 1,
            segmentDateMicroseconds: segmentDates[segment] ?? dateMicroseconds, nowPlaying: announced,
            levels: meter.take(slot: slot, count: end - start), setups: isFirst || part == 0 ? tracks.map(\.setup) : [],
            parts: parts)
    }

    private func takeNowPlaying(before end: Int64) -> NowPlaying? {
        var change: NowPlaying?
        while let first = nowPlayingChanges.first, first.position < end {
            change = first.nowPlaying
            nowPlayingChanges.removeFirst()
        }
        if let change { nowPlaying = change }
        return change
    }

    private func event(for nowPlaying: NowPlaying, at position: Int64, segment: Int64) -> EventMessage? {
        guard !nowPlaying.isEmpty else { return nil }
        let tag = ID3Tag(title: nowPlaying.title, artist: nowPlaying.artist)
        return EventMessage(
            id3: tag, presentationTime: UInt64(position),
            id: UInt32(truncatingIfNeeded: position / Timeline.slotSamples))
    }
}
