extension RecordingIndex {
    /// Changes of what played that a rewind window keeps; one in ten seconds for hours.
    private static let maximumNowPlaying = 1000

    /// Forgets segments from the front as long as `samples` are left.
    /// - Parameter samples: of 48 kHz; at least the last segment stays.
    /// - Returns: keys of the objects that nothing names any more.
    public mutating func trim(keeping samples: Int64) -> [String] {
        var keys: [String] = []
        var total = totalSamples
        var count = epochs.reduce(0) { $0 + $1.segmentCount }
        while count > 1, let first = epochs.first {
            let length = first.segmentCount == 1 ? first.lastSegmentSamples : 92_160
            guard total - length >= samples else { break }
            total -= length
            keeping.byteCount -= keeping.byteCount / Int64(clamping: count)
            count -= 1
            keys += objects(SegmentKey.segment(epoch: first.number, mediaSequence: first.firstMediaSequence))
            if first.segmentCount == 1 {
                epochs.removeFirst()
                if epochs.first?.number != first.number {
                    keys += objects(SegmentKey.initialization(epoch: first.number))
                }
            } else {
                epochs[0] = first.withoutFirstSegment
            }
        }
        nowPlaying = nowPlaying.suffix(Self.maximumNowPlaying)
        return keys
    }

    /// The same name in each rendition.
    private func objects(_ name: String) -> [String] {
        renditions.map { SegmentKey.object(stream: stream, rendition: $0.name, name: name) }
    }
}

extension RecordingIndex.Epoch {
    fileprivate var withoutFirstSegment: RecordingIndex.Epoch {
        var epoch = self
        epoch.firstMediaSequence += 1
        epoch.segmentCount -= 1
        let first = RecordingIndex.DateCorrection(segment: 0, dateMicroseconds: dateMicroseconds(ofSegment: 1))
        epoch.dates =
            [first]
            + dates.filter { $0.segment > 1 }.map {
                RecordingIndex.DateCorrection(segment: $0.segment - 1, dateMicroseconds: $0.dateMicroseconds)
            }
        return epoch
    }
}
