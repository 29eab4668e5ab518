extension PlaylistParser {
    /// Tags that say something of the whole media playlist.
    mutating func readHeader(_ tag: String, _ value: Substring, _ number: Int) throws(PlaylistError) {
        switch tag {
        case "#EXT-X-TARGETDURATION":
            media.targetDurationSeconds = try integer(tag, value, number, max: SampleDuration.secondsMax)
        case "#EXT-X-MEDIA-SEQUENCE":
            try precedesSegments(tag, number)
            media.mediaSequence = try integer(tag, value, number, max: Self.sequenceMax)
        case "#EXT-X-DISCONTINUITY-SEQUENCE":
            try precedesSegments(tag, number)
            media.discontinuitySequence = try integer(tag, value, number, max: Self.sequenceMax)
        case "#EXT-X-PLAYLIST-TYPE":
            switch value {
            case "VOD": media.kind = .videoOnDemand
            case "EVENT": media.kind = .event
            default: throw .invalidTag(tag, reason: "is neither EVENT nor VOD", line: number)
            }
        case "#EXT-X-ENDLIST":
            media.isEnded = true
        case "#EXT-X-SERVER-CONTROL":
            media.serverControl = try ServerControl(AttributeList(value, tag: tag, line: number))
        case "#EXT-X-PART-INF":
            let list = try AttributeList(value, tag: tag, line: number)
            media.partTargetSamples = try list.requiredSamples("PART-TARGET")
        default:
            try precedesSegments(tag, number)
            let skip = try Skip(AttributeList(value, tag: tag, line: number))
            guard skip.skippedSegments <= Playlist.entryCountMax else {
                throw .invalidTag(tag, reason: "SKIPPED-SEGMENTS is above \(Playlist.entryCountMax)", line: number)
            }
            media.skip = skip
        }
    }

    /// Tags that belong to the next segment.
    mutating func readSegmentTag(_ tag: String, _ value: Substring, _ number: Int) throws(PlaylistError) {
        switch tag {
        case "#EXTINF":
            let digits = value[..<(value.utf8.firstIndex(of: UInt8(ascii: ",")) ?? value.endIndex)]
            guard let duration = SampleDuration.samples(parsing: digits.utf8) else {
                throw .invalidTag(tag, reason: "is not a number of seconds", line: number)
            }
            pendingDuration = duration
        case "#EXT-X-DISCONTINUITY":
            pending.isDiscontinuity = true
        case "#EXT-X-MAP":
            let list = try AttributeList(value, tag: tag, line: number)
            guard list["BYTERANGE"] == nil else { throw list.unsupported("a map that is a byte range") }
            map = try list.required("URI")
        case "#EXT-X-PROGRAM-DATE-TIME":
            guard let date = CalendarDate(parsing: value) else {
                throw .invalidTag(tag, reason: "is not an ISO 8601 date", line: number)
            }
            pending.dateMilliseconds = date.millisecondsSince1970
        case "#EXT-X-GAP":
            pendingIsGap = true
        case "#EXT-X-PART":
            try countEntry()
            pending.parts.append(try Part(AttributeList(value, tag: tag, line: number)))
        case "#EXT-X-KEY":
            let list = try AttributeList(value, tag: tag, line: number)
            guard list["METHOD"] == "NONE" else { throw list.unsupported("an encrypted segment") }
        default:
            throw .unsupported("a segment that is a byte range", line: number)
        }
    }

    mutating func readMetadata(_ tag: String, _ value: Substring, _ number: Int) throws(PlaylistError) {
        try countEntry()
        let list = try AttributeList(value, tag: tag, line: number)
        switch tag {
        case "#EXT-X-DATERANGE":
            media.dateRanges.append(try DateRange(list))
        case "#EXT-X-PRELOAD-HINT":
            guard list["BYTERANGE-START"] == nil else { throw list.unsupported("a hint of a byte range") }
            let uri = try list.required("URI")
            switch try list.required("TYPE") {
            case "PART":
                guard media.preloadHintPart == nil else { throw .repeatedTag(tag + ":TYPE=PART", line: number) }
                media.preloadHintPart = uri
            case "MAP":
                guard media.preloadHintMap == nil else { throw .repeatedTag(tag + ":TYPE=MAP", line: number) }
                media.preloadHintMap = uri
            default:
                // A tag with an enumerated string that is not known is ignored.
                return
            }
        default:
            media.renditionReports.append(try RenditionReport(list))
        }
    }

    mutating func readStreamInformation(_ value: Substring, _ number: Int) throws(PlaylistError) {
        let list = try AttributeList(value, tag: "#EXT-X-STREAM-INF", line: number)
        pendingVariant = MultivariantPlaylist.Variant(
            uri: "",
            bandwidth: try list.requiredInteger("BANDWIDTH"),
            averageBandwidth: try list.integer("AVERAGE-BANDWIDTH"),
            codecs: list["CODECS"]?.split(separator: ",").map(String.init) ?? []
        )
    }

    /// Larger numbers would let sums of numbers and counts overflow.
    static let sequenceMax = 1 << 53

    private func integer(_ tag: String, _ value: Substring, _ number: Int, max: Int) throws(PlaylistError) -> Int {
        guard let integer = DecimalInteger.parse(value.utf8), integer <= max else {
            throw .invalidTag(tag, reason: "is not a decimal integer up to \(max)", line: number)
        }
        return integer
    }

    private func precedesSegments(_ tag: String, _ number: Int) throws(PlaylistError) {
        guard media.segments.isEmpty, pending.parts.isEmpty, !pending.isDiscontinuity, media.skip == nil else {
            throw .invalidTag(tag, reason: "must stand before segments, parts and EXT-X-SKIP", line: number)
        }
    }
}
