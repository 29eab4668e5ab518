/// Collects what the lines of a playlist say, one after the other.
struct PlaylistParser {
    var media = MediaPlaylist(targetDurationSeconds: 0)
    var variants: [MultivariantPlaylist.Variant] = []

    /// Tags that may appear only once and have.
    private var seen: Set<String> = []
    private var mediaTag: String?
    private var multivariantTag: String?

    /// What has been said of the next segment.
    var pending = OpenSegment()
    var pendingDuration: Int?
    var pendingIsGap = false
    var map: String?

    /// What EXT-X-STREAM-INF has said of the next URI.
    var pendingVariant: MultivariantPlaylist.Variant?

    private var hasIndependentSegments = false
    private var entryCount = 0

    mutating func read(_ line: Substring, number: Int) throws(PlaylistError) {
        guard number > 1 else {
            guard line == "#EXTM3U" else { throw .notAPlaylist }
            return
        }
        guard let first = line.utf8.first else { return }
        guard first == UInt8(ascii: "#") else { return try readURI(String(line), number: number) }
        guard line.hasPrefix("#EXT") else { return }
        let colon = line.utf8.firstIndex(of: UInt8(ascii: ":"))
        let tag = String(line[..<(colon ?? line.endIndex)])
        let value = colon.map { line[line.utf8.index(after: $0)...] } ?? ""
        try readTag(tag, value: value, number: number)
    }

    mutating func finish() throws(PlaylistError) -> Playlist {
        guard pendingVariant == nil else { throw .missingTag("the URI after the last #EXT-X-STREAM-INF") }
        guard pendingDuration == nil else { throw .missingTag("the URI after the last #EXTINF") }
        if multivariantTag != nil {
            return .multivariant(
                MultivariantPlaylist(variants: variants, hasIndependentSegments: hasIndependentSegments)
            )
        }
        guard mediaTag != nil else { throw .notAPlaylist }
        guard seen.contains("#EXT-X-TARGETDURATION") else { throw .missingTag("#EXT-X-TARGETDURATION") }
        let hasParts = !pending.parts.isEmpty || media.segments.contains { !$0.parts.isEmpty }
        guard !hasParts || media.partTargetSamples != nil else { throw .missingTag("#EXT-X-PART-INF") }
        if !pending.parts.isEmpty {
            pending.map = map
            media.openSegment = pending
        }
        media.hasIndependentSegments = hasIndependentSegments
        return .media(media)
    }

    private mutating func readTag(_ tag: String, value: Substring, number: Int) throws(PlaylistError) {
        switch tag {
        case "#EXT-X-VERSION":
            try once(tag, number)
            guard DecimalInteger.parse(value.utf8) != nil else {
                throw .invalidTag(tag, reason: "is not a decimal integer", line: number)
            }
        case "#EXT-X-INDEPENDENT-SEGMENTS":
            try once(tag, number)
            hasIndependentSegments = true
        case "#EXT-X-STREAM-INF":
            try isMultivariant(tag, number)
            try readStreamInformation(value, number)
        case "#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF", "#EXT-X-SESSION-DATA", "#EXT-X-SESSION-KEY",
            "#EXT-X-CONTENT-STEERING":
            // Not needed for audio-only variants; that they are there tells the kind of the playlist.
            try isMultivariant(tag, number)
        case "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE",
            "#EXT-X-PLAYLIST-TYPE", "#EXT-X-ENDLIST", "#EXT-X-SERVER-CONTROL", "#EXT-X-PART-INF", "#EXT-X-SKIP":
            try isMedia(tag, number)
            try once(tag, number)
            try readHeader(tag, value, number)
        case "#EXTINF", "#EXT-X-DISCONTINUITY", "#EXT-X-MAP", "#EXT-X-PROGRAM-DATE-TIME", "#EXT-X-GAP",
            "#EXT-X-BYTERANGE", "#EXT-X-KEY", "#EXT-X-PART":
            try isMedia(tag, number)
            try readSegmentTag(tag, value, number)
        case "#EXT-X-DATERANGE", "#EXT-X-PRELOAD-HINT", "#EXT-X-RENDITION-REPORT":
            try isMedia(tag, number)
            try readMetadata(tag, value, number)
        default:
            return
        }
    }

    private mutating func readURI(_ uri: String, number: Int) throws(PlaylistError) {
        try countEntry()
        if var variant = pendingVariant {
            variant.uri = uri
            variants.append(variant)
            pendingVariant = nil
            return
        }
        guard let duration = pendingDuration else { throw .unexpectedURI(line: number) }
        pending.map = map
        var segment = pending.closed(uri: uri)
        segment.durationSamples = duration
        segment.isGap = pendingIsGap
        media.segments.append(segment)
        pending = OpenSegment()
        pendingDuration = nil
        pendingIsGap = false
    }

    private mutating func once(_ tag: String, _ number: Int) throws(PlaylistError) {
        guard seen.insert(tag).inserted else { throw .repeatedTag(tag, line: number) }
    }

    private mutating func isMedia(_ tag: String, _ number: Int) throws(PlaylistError) {
        guard multivariantTag == nil else { throw .mixedPlaylist(tag, line: number) }
        mediaTag = mediaTag ?? tag
    }

    private mutating func isMultivariant(_ tag: String, _ number: Int) throws(PlaylistError) {
        guard mediaTag == nil else { throw .mixedPlaylist(tag, line: number) }
        multivariantTag = multivariantTag ?? tag
    }

    mutating func countEntry() throws(PlaylistError) {
        entryCount += 1
        guard entryCount <= Playlist.entryCountMax else {
            throw .unreadable("it has more than \(Playlist.entryCountMax) entries")
        }
    }
}
