/// A Media Playlist (RFC 8216bis §4): the value that is written, and what is read back.
///
/// The same value gives the whole playlist (``write(into:)``) and the delta update (``skipping(_:)``).
public struct MediaPlaylist: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Segments come at the end and go at the front: no EXT-X-PLAYLIST-TYPE.
        case live
        case event
        case videoOnDemand
    }

    public var kind: Kind

    /// EXT-X-TARGETDURATION, constant, and the same in all playlists of a presentation.
    public var targetDurationSeconds: Int

    public var serverControl: ServerControl?

    /// PART-TARGET. `nil`: no part, hint or EXT-X-PART-INF is written.
    public var partTargetSamples: Int?

    /// EXT-X-INDEPENDENT-SEGMENTS. Stands in the multivariant playlist as a rule.
    public var hasIndependentSegments: Bool

    /// Number of the first segment, or of the first skipped one.
    public var mediaSequence: Int

    /// The discontinuity sequence number before the first segment, or before the first skipped one. A segment's own
    /// number is this plus the discontinuities up to and including its own.
    public var discontinuitySequence: Int

    /// Set in a delta update: that many segments from ``mediaSequence`` on are left out.
    public var skip: Skip?

    public var segments: [Segment]

    /// The segment that is being filled; written once it has a part.
    public var openSegment: OpenSegment?

    public var dateRanges: [DateRange]

    /// Ids of date ranges that were removed within the Skip Boundary, for delta updates without old date ranges.
    public var recentlyRemovedDateRanges: [String]

    /// URI of the next part, character for character as it will be listed.
    public var preloadHintPart: String?

    /// URI of the init segment that the next part needs, where it is another than before.
    public var preloadHintMap: String?

    /// One for each other media playlist of the presentation.
    public var renditionReports: [RenditionReport]

    /// EXT-X-ENDLIST: nothing will be added.
    public var isEnded: Bool

    public init(
        kind: Kind = .live,
        targetDurationSeconds: Int,
        serverControl: ServerControl? = nil,
        partTargetSamples: Int? = nil,
        hasIndependentSegments: Bool = false,
        mediaSequence: Int = 0,
        discontinuitySequence: Int = 0,
        skip: Skip? = nil,
        segments: [Segment] = [],
        openSegment: OpenSegment? = nil,
        dateRanges: [DateRange] = [],
        recentlyRemovedDateRanges: [String] = [],
        preloadHintPart: String? = nil,
        preloadHintMap: String? = nil,
        renditionReports: [RenditionReport] = [],
        isEnded: Bool = false
    ) {
        self.kind = kind
        self.targetDurationSeconds = targetDurationSeconds
        self.serverControl = serverControl
        self.partTargetSamples = partTargetSamples
        self.hasIndependentSegments = hasIndependentSegments
        self.mediaSequence = mediaSequence
        self.discontinuitySequence = discontinuitySequence
        self.skip = skip
        self.segments = segments
        self.openSegment = openSegment
        self.dateRanges = dateRanges
        self.recentlyRemovedDateRanges = recentlyRemovedDateRanges
        self.preloadHintPart = preloadHintPart
        self.preloadHintMap = preloadHintMap
        self.renditionReports = renditionReports
        self.isEnded = isEnded
    }
}

extension MediaPlaylist {
    /// Media sequence number of the first of ``segments``.
    public var firstSegmentNumber: Int {
        mediaSequence + (skip?.skippedSegments ?? 0)
    }

    /// Media sequence number of the last whole segment; one less than the first if there is none.
    public var lastSegmentNumber: Int {
        firstSegmentNumber + segments.count - 1
    }

    /// Sum of the whole segments that are listed.
    public var segmentDurationSamples: Int {
        segments.reduce(0) { $0 + $1.durationSamples }
    }

    var openDurationSamples: Int {
        openSegment?.parts.reduce(0) { $0 + $1.durationSamples } ?? 0
    }

    /// EXT-X-VERSION: no higher than the tags need (RFC 8216bis §8).
    public var version: Int {
        if let skip { return skip.recentlyRemovedDateRanges == nil ? 9 : 10 }
        let hasMap = segments.contains { $0.map != nil } || openSegment?.map != nil
        return hasMap ? 6 : 3
    }

    /// Removes the first segment as it leaves the window (RFC 8216bis §6.2.2): its number goes up by one, and the
    /// discontinuity number with it if the segment was one.
    ///
    /// - Returns: `false`, and nothing is removed, if a playlist that goes on would become shorter than three target
    ///   durations.
    public mutating func removeFirstSegment() -> Bool {
        guard let first = segments.first else { return false }
        let rest = segmentDurationSamples - first.durationSamples
        guard isEnded || rest >= SampleDuration.samples(seconds: targetDurationSeconds * 3) else { return false }
        segments.removeFirst()
        mediaSequence += 1
        if first.isDiscontinuity { discontinuitySequence += 1 }
        return true
    }

    /// Index of the first segment whose parts are listed: those before begin more than three target durations from
    /// the end (RFC 8216bis §6.2.2). Parts go with their whole segment, since players count them from its first.
    public var firstIndexWithParts: Int {
        let limit = SampleDuration.samples(seconds: targetDurationSeconds * 3)
        var distance = openDurationSamples
        var index = segments.count
        while index > 0 {
            distance += segments[index - 1].durationSamples
            guard distance <= limit else { break }
            index -= 1
        }
        return index
    }
}
