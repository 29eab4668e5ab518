/// When a request for a live playlist is answered (RFC 8216bis §6.2.5.2).
///
/// A pure function of the directives and of how far the playlist is. The caller keeps those that wait, asks
/// ``Target/isSatisfied(at:)`` after each change, and answers 503 after ``waitMax(targetDurationSeconds:)``.
public struct BlockingReload: Sendable, Hashable {
    /// How far a playlist is.
    public struct Position: Sendable, Hashable {
        /// Media sequence number of the segment that is being filled: one more than the last whole one.
        public var openSegment: Int

        /// Parts of it that are listed.
        public var openPartCount: Int

        /// Parts that the segment before it had; it matters only where a segment was closed short.
        public var lastSegmentPartCount: Int

        /// Whether the playlist has EXT-X-ENDLIST.
        public var isEnded: Bool

        public init(openSegment: Int, openPartCount: Int, lastSegmentPartCount: Int, isEnded: Bool = false) {
            self.openSegment = openSegment
            self.openPartCount = openPartCount
            self.lastSegmentPartCount = lastSegmentPartCount
            self.isEnded = isEnded
        }

        /// Number of the last segment that is listed, with the open one once it has a part.
        var lastListedSegment: Int { openPartCount > 0 ? openSegment : openSegment - 1 }
    }

    /// What a request waits for. Requests with equal targets and skip directives share one answer.
    public struct Target: Sendable, Hashable {
        public var mediaSequence: Int

        /// `nil`: the whole segment.
        public var part: Int?

        public init(mediaSequence: Int, part: Int?) {
            self.mediaSequence = mediaSequence
            self.part = part
        }

        /// Whether a playlist that is that far may be the answer.
        ///
        /// A part beyond the last one of a finished segment is the first one of the next, also if the segment is
        /// finished only while the request waits.
        public func isSatisfied(at position: Position) -> Bool {
            if position.isEnded { return true }
            let last = position.openSegment - 1
            if mediaSequence < last { return true }
            guard let part else { return mediaSequence <= last }
            if mediaSequence == last {
                return part < position.lastSegmentPartCount || position.openPartCount > 0
            }
            return mediaSequence == position.openSegment && part < position.openPartCount
        }
    }

    public enum Decision: Sendable, Hashable {
        case answerNow
        case wait(until: Target)
        /// 400.
        case badRequest(BadRequest)
    }

    public enum BadRequest: Sendable, Hashable {
        /// `_HLS_part` without `_HLS_msn`.
        case partWithoutMediaSequence
        /// A directive that is not a decimal integer.
        case notANumber
        /// A segment more than two after the last one listed.
        case segmentTooFarAhead
        /// A part farther after the last one listed than the Advance Part Limit.
        case partTooFarAhead
    }

    /// Parts of a full segment; `nil` for playlists without parts, where `_HLS_part` adds nothing to `_HLS_msn`.
    public var partsPerSegment: Int?

    /// How many parts after the last one listed may be asked for: three seconds' worth (three, for parts of a second
    /// or more).
    public var advancePartLimit: Int

    /// - Parameters:
    ///   - partTargetSamples: PART-TARGET; `nil` for playlists without parts.
    ///   - partsPerSegment: parts of a full segment.
    public init(partTargetSamples: Int?, partsPerSegment: Int) {
        guard let partTargetSamples, partTargetSamples > 0 else {
            self.partsPerSegment = nil
            advancePartLimit = 0
            return
        }
        self.partsPerSegment = partsPerSegment
        advancePartLimit =
            partTargetSamples < SampleDuration.rate ? 3 * SampleDuration.rate / partTargetSamples : 3
    }

    /// Decides on a request as it comes.
    public func decide(_ directives: DeliveryDirectives, at position: Position) -> Decision {
        // Directives to a playlist that has ended are ignored, whatever they say.
        if position.isEnded { return .answerNow }
        guard let mediaSequence = directives.mediaSequence else {
            return directives.part == nil ? .answerNow : .badRequest(.partWithoutMediaSequence)
        }
        guard case .number(let number) = mediaSequence else { return .badRequest(.notANumber) }
        var part: Int?
        switch directives.part {
        case .malformed: return .badRequest(.notANumber)
        case .number(let index): part = index
        case nil: break
        }
        let target = Target(mediaSequence: number, part: partsPerSegment == nil ? nil : part)
        if target.isSatisfied(at: position) { return .answerNow }
        guard number <= position.lastListedSegment + 2 else { return .badRequest(.segmentTooFarAhead) }
        if let part = target.part, isTooFarAhead(part, of: number, at: position) {
            return .badRequest(.partTooFarAhead)
        }
        return .wait(until: target)
    }

    /// Seconds after which a waiting request is answered 503.
    public static func waitMax(targetDurationSeconds: Int) -> Int {
        targetDurationSeconds * 3
    }

    /// Counts parts from the last one listed, with full segments between.
    private func isTooFarAhead(_ part: Int, of number: Int, at position: Position) -> Bool {
        // Too large a part of a finished segment is only the next segment's first.
        guard let partsPerSegment, number >= position.openSegment else { return false }
        let lastPart = position.openPartCount - 1
        let segmentsBetween = (number - position.openSegment) * partsPerSegment
        return part > advancePartLimit + lastPart - segmentsBetween
    }
}
