public import NIOCore

extension MediaPlaylist {
    /// Appends the playlist's text.
    ///
    /// Parts are written for the last three target durations only; without ``partTargetSamples`` not at all. Hints
    /// are left out of playlists that have ended or have no parts.
    public func write(into buffer: inout ByteBuffer) {
        // About what segments with dates and parts take: one allocation instead of several.
        buffer.reserveCapacity(minimumWritableBytes: 1024 + segments.count * 112 + 60 * 80)
        writeHeader(into: &buffer)
        let firstIndexWithParts = partTargetSamples == nil ? segments.count : firstIndexWithParts
        var map: String?
        for (index, segment) in segments.enumerated() {
            writeTags(
                isDiscontinuity: segment.isDiscontinuity,
                map: segment.map,
                dateMilliseconds: segment.dateMilliseconds,
                currentMap: &map,
                into: &buffer
            )
            if index >= firstIndexWithParts {
                for part in segment.parts { part.write(into: &buffer) }
            }
            if segment.isGap { buffer.writeString("#EXT-X-GAP\n") }
            buffer.writeString("#EXTINF:")
            buffer.writeSeconds(samples: segment.durationSamples)
            buffer.writeString(",\n")
            buffer.writeURILine(segment.uri)
        }
        // The discontinuity of an open segment comes together with its first part: alone it confuses players.
        if partTargetSamples != nil, let openSegment, !openSegment.parts.isEmpty {
            writeTags(
                isDiscontinuity: openSegment.isDiscontinuity,
                map: openSegment.map,
                dateMilliseconds: openSegment.dateMilliseconds,
                currentMap: &map,
                into: &buffer
            )
            for part in openSegment.parts { part.write(into: &buffer) }
        }
        writeMetadata(into: &buffer)
    }

    private func writeHeader(into buffer: inout ByteBuffer) {
        buffer.writeString("#EXTM3U\n#EXT-X-VERSION:")
        buffer.writeDecimal(version)
        buffer.writeString("\n#EXT-X-TARGETDURATION:")
        buffer.writeDecimal(targetDurationSeconds)
        buffer.writeNewline()
        switch kind {
        case .live: break
        case .event: buffer.writeString("#EXT-X-PLAYLIST-TYPE:EVENT\n")
        case .videoOnDemand: buffer.writeString("#EXT-X-PLAYLIST-TYPE:VOD\n")
        }
        if hasIndependentSegments { buffer.writeString("#EXT-X-INDEPENDENT-SEGMENTS\n") }
        serverControl?.write(into: &buffer)
        if let partTargetSamples {
            buffer.writeString("#EXT-X-PART-INF:PART-TARGET=")
            buffer.writeSeconds(samples: partTargetSamples)
            buffer.writeNewline()
        }
        buffer.writeString("#EXT-X-MEDIA-SEQUENCE:")
        buffer.writeDecimal(mediaSequence)
        buffer.writeString("\n#EXT-X-DISCONTINUITY-SEQUENCE:")
        buffer.writeDecimal(discontinuitySequence)
        buffer.writeNewline()
        // Behind the two sequence numbers: some players fail on the reverse.
        skip?.write(into: &buffer)
    }

    /// Writes what stands before the first part of a segment (RFC 8216bis §4.4.4.9). The map is repeated where it
    /// changes, after a discontinuity, and at the first segment that is listed.
    private func writeTags(
        isDiscontinuity: Bool,
        map: String?,
        dateMilliseconds: Int64?,
        currentMap: inout String?,
        into buffer: inout ByteBuffer
    ) {
        if isDiscontinuity { buffer.writeString("#EXT-X-DISCONTINUITY\n") }
        if let map, isDiscontinuity || map != currentMap {
            buffer.writeString("#EXT-X-MAP:URI=")
            buffer.writeQuoted(map)
            buffer.writeNewline()
            currentMap = map
        }
        if let dateMilliseconds {
            buffer.writeString("#EXT-X-PROGRAM-DATE-TIME:")
            buffer.writeDate(CalendarDate(millisecondsSince1970: dateMilliseconds))
            buffer.writeNewline()
        }
    }

    private func writeMetadata(into buffer: inout ByteBuffer) {
        for dateRange in dateRanges { dateRange.write(into: &buffer) }
        if partTargetSamples != nil, !isEnded {
            if let preloadHintMap { writeHint("#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=", preloadHintMap, into: &buffer) }
            if let preloadHintPart { writeHint("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=", preloadHintPart, into: &buffer) }
        }
        for report in renditionReports { report.write(into: &buffer) }
        if isEnded { buffer.writeString("#EXT-X-ENDLIST\n") }
    }

    private func writeHint(_ tag: String, _ uri: String, into buffer: inout ByteBuffer) {
        buffer.writeString(tag)
        buffer.writeQuoted(uri)
        buffer.writeNewline()
    }
}
