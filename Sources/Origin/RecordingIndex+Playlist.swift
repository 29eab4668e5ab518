import AudioTimeline
import HLS
import SegmentStore

extension RecordingIndex {
    /// Holes longer than this are not listed one by one: half a day.
    private static let longestListedHole: UInt64 = 22_500

    /// What was lost is listed as EXT-X-GAP: media sequence numbers keep their segments, and players skip it.
    /// - Parameters:
    ///   - lastSamples: how much of the end is listed.
    ///   - prefix: where the segments lie, seen from the playlist.
    func playlist(kind: MediaPlaylist.Kind, lastSamples: Int64, prefix: String) -> MediaPlaylist {
        var segments: [Segment] = []
        var length: Int64 = 0
        var firstSequence = nextMediaSequence
        var discontinuity: UInt64 = 0
        listing: for (number, epoch) in epochs.enumerated().reversed() {
            let previous = number > 0 ? epochs[number - 1] : nil
            let hole = previous.map { epoch.firstMediaSequence.subtractingReportingOverflow($0.nextMediaSequence) }
            let missing =
                hole.map { $0.overflow || $0.partialValue > Self.longestListedHole ? 0 : $0.partialValue } ?? 0
            let isNew = previous.map { $0.number != epoch.number } ?? false
            var dates = epoch.dates[...]
            for offset in (0..<epoch.segmentCount).reversed() {
                let isLast = offset == epoch.segmentCount - 1
                let samples = isLast ? epoch.lastSegmentSamples : Timeline.segmentSamples
                if length > 0, length + samples > lastSamples { break listing }
                length += samples
                firstSequence = epoch.firstMediaSequence + offset
                let isDiscontinuity = offset == 0 && isNew
                discontinuity = epoch.discontinuitySequence &- (isDiscontinuity ? 1 : 0)
                segments.append(
                    segment(
                        epoch, dates: &dates, offset: Int64(offset), samples: samples, prefix: prefix,
                        isDiscontinuity: isDiscontinuity))
            }
            guard let previous else { continue }
            var datesBefore = previous.dates.suffix(1)
            for offset in (0..<missing).reversed() {
                if length + Timeline.segmentSamples > lastSamples { break listing }
                length += Timeline.segmentSamples
                firstSequence = previous.nextMediaSequence + offset
                discontinuity = previous.discontinuitySequence
                segments.append(
                    segment(
                        previous, dates: &datesBefore, offset: Int64(previous.segmentCount + offset),
                        samples: Timeline.segmentSamples, prefix: prefix, isGap: true))
            }
        }
        return MediaPlaylist(
            kind: kind, targetDurationSeconds: LiveWindow.targetDurationSeconds,
            mediaSequence: Int(clamping: firstSequence), discontinuitySequence: Int(clamping: discontinuity),
            segments: segments.reversed(), isEnded: isComplete)
    }

    /// - Parameter dates: those of the epoch that may apply. Segments are asked for from the last to the first, so that
    ///   what lies behind this one is left out for those before it: there is a date a minute.
    private func segment(
        _ epoch: Epoch, dates: inout ArraySlice<DateCorrection>, offset: Int64, samples: Int64, prefix: String,
        isDiscontinuity: Bool = false, isGap: Bool = false
    ) -> Segment {
        while dates.count > 1, let last = dates.last, last.segment > UInt64(offset) { dates.removeLast() }
        let date = dates.last.map { $0.dateMicroseconds + (offset - Int64($0.segment)) * 1_920_000 } ?? 0
        let sequence = epoch.firstMediaSequence + UInt64(offset)
        return Segment(
            uri: prefix + SegmentKey.segment(epoch: epoch.number, mediaSequence: sequence),
            durationSamples: Int(samples), dateMilliseconds: date / 1000,
            isDiscontinuity: isDiscontinuity, map: prefix + SegmentKey.initialization(epoch: epoch.number), isGap: isGap
        )
    }
}
