import NIOCore

/// A Media Segment with what stands before its URI in the playlist (RFC 8216bis §4.4.4).
public struct Segment: Sendable, Hashable {
    public var uri: String
    public var durationSamples: Int

    /// EXT-X-PROGRAM-DATE-TIME: when the first sample was captured, in milliseconds since 1970.
    public var dateMilliseconds: Int64?

    /// Whether EXT-X-DISCONTINUITY stands before it.
    public var isDiscontinuity: Bool

    /// URI of the Media Initialization Section that applies to it.
    public var map: String?

    /// Its Partial Segments, all or none. They are only written near the end of the playlist.
    public var parts: [Part]

    /// Whether its bytes are missing (EXT-X-GAP).
    public var isGap: Bool

    public init(
        uri: String,
        durationSamples: Int,
        dateMilliseconds: Int64? = nil,
        isDiscontinuity: Bool = false,
        map: String? = nil,
        parts: [Part] = [],
        isGap: Bool = false
    ) {
        self.uri = uri
        self.durationSamples = durationSamples
        self.dateMilliseconds = dateMilliseconds
        self.isDiscontinuity = isDiscontinuity
        self.map = map
        self.parts = parts
        self.isGap = isGap
    }
}

/// The segment that is being filled: what is known of it before it has a URI.
public struct OpenSegment: Sendable, Hashable {
    public var dateMilliseconds: Int64?
    public var isDiscontinuity: Bool
    public var map: String?
    public var parts: [Part]

    public init(
        dateMilliseconds: Int64? = nil,
        isDiscontinuity: Bool = false,
        map: String? = nil,
        parts: [Part] = []
    ) {
        self.dateMilliseconds = dateMilliseconds
        self.isDiscontinuity = isDiscontinuity
        self.map = map
        self.parts = parts
    }

    /// The finished segment.
    public func closed(uri: String) -> Segment {
        Segment(
            uri: uri,
            durationSamples: parts.reduce(0) { $0 + $1.durationSamples },
            dateMilliseconds: dateMilliseconds,
            isDiscontinuity: isDiscontinuity,
            map: map,
            parts: parts
        )
    }
}
