extension MediaPlaylist {
    /// The Playlist Delta Update for a `_HLS_skip` directive (RFC 8216bis §6.2.5.1), or the whole playlist if there
    /// is nothing to skip, skipping was not announced, or the playlist has ended.
    ///
    /// Skipped are segments that lie, with their end, farther from the end of the last whole segment than the Skip
    /// Boundary.
    public func skipping(_ directive: SkipDirective?) -> MediaPlaylist {
        guard let directive, let serverControl, let boundary = serverControl.canSkipUntilSamples, !isEnded else {
            return self
        }
        var distance = 0
        var kept = 0
        for segment in segments.reversed() {
            if distance > boundary { break }
            distance += segment.durationSamples
            kept += 1
        }
        let skipped = segments.count - kept
        guard skipped > 0 else { return self }
        var delta = self
        delta.segments.removeFirst(skipped)
        delta.skip = Skip(skippedSegments: skipped)
        // Who did not announce it must not leave date ranges out: players would take them as gone.
        if directive == .segmentsAndDateRanges, serverControl.canSkipDateRanges {
            delta.skip?.recentlyRemovedDateRanges = recentlyRemovedDateRanges
            let first = delta.firstSegmentNumber
            delta.dateRanges.removeAll { dateRange in dateRange.addedWithSegment.map { $0 < first } ?? false }
        }
        return delta
    }

    /// The whole playlist again, from a delta update of it and an older copy, as players put it together.
    public func applying(_ delta: MediaPlaylist) throws(PlaylistError) -> MediaPlaylist {
        guard let skip = delta.skip else { return delta }
        let offset = delta.mediaSequence - firstSegmentNumber
        guard offset >= 0, skip.skippedSegments <= segments.count - offset else {
            throw .missingSkippedSegments(delta.mediaSequence..<delta.mediaSequence + skip.skippedSegments)
        }
        var whole = delta
        whole.skip = nil
        whole.segments = Array(segments[offset..<offset + skip.skippedSegments]) + delta.segments
        if let removed = skip.recentlyRemovedDateRanges {
            let listed = Set(delta.dateRanges.map(\.id)).union(removed)
            whole.dateRanges = dateRanges.filter { !listed.contains($0.id) } + delta.dateRanges
        }
        return whole
    }
}
