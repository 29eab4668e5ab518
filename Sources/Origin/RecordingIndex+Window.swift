import SegmentStore

extension RecordingIndex {
    /// The newest stored segments without a hole, oldest first: as many as fit, one at least if there is any.
    func segments(lastSamples: Int64) -> [WindowSegment] {
        var segments: [WindowSegment] = []
        var length: Int64 = 0
        for (number, epoch) in epochs.enumerated().reversed() {
            let previous = number > 0 ? epochs[number - 1] : nil
            let isNew = previous.map { $0.number != epoch.number } ?? false
            for offset in (0..<epoch.segmentCount).reversed() {
                let segment = WindowSegment(stored: epoch, segment: offset, isDiscontinuity: offset == 0 && isNew)
                guard segments.isEmpty || length + segment.durationSamples <= lastSamples else {
                    return segments.reversed()
                }
                length += segment.durationSamples
                segments.append(segment)
            }
            if let previous, previous.nextMediaSequence != epoch.firstMediaSequence { break }
        }
        return segments.reversed()
    }
}
