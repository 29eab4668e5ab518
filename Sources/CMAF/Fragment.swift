public import NIOCore

/// A `moof` with its `mdat` as it lies in a file, with the event messages before it.
public struct Fragment: Sendable, Hashable {
    public struct Sample: Sendable, Hashable {
        /// In units of the track's timescale.
        public var duration: UInt32
        /// Where the payload lies, counted from the start of what the reader was given.
        public var byteRange: Range<Int>
        public var isSync: Bool
    }

    public var sequenceNumber: UInt32
    public var trackID: UInt32
    public var baseMediaDecodeTime: UInt64
    public var samples: [Sample]
    public var events: [EventMessage]

    /// Whether an `sbgp` puts samples into a `roll` group.
    public var rollGroup: Bool

    /// From the first event message or the `moof` to the end of the `mdat`: the bytes of the part.
    public var byteRange: Range<Int>

    /// Sum of the samples' durations; the next fragment's decode time follows without a hole.
    public var duration: UInt64 {
        samples.reduce(0) { $0 &+ UInt64($1.duration) }
    }

    /// The fragment as a value that can be written again, with its payloads out of `bytes`.
    ///
    /// - Returns: `nil` if `bytes` are not those that the fragment was read from.
    public func part(from bytes: ByteBuffer) -> MediaPart? {
        let start = bytes.readerIndex
        var samples: [MediaPart.Sample] = []
        for sample in self.samples {
            guard
                let payload = bytes.getSlice(at: start + sample.byteRange.lowerBound, length: sample.byteRange.count)
            else { return nil }
            samples.append(MediaPart.Sample(duration: sample.duration, payload: payload))
        }
        return MediaPart(
            sequenceNumber: sequenceNumber,
            baseMediaDecodeTime: baseMediaDecodeTime,
            samples: samples,
            events: events,
            rollGroup: rollGroup,
            trackID: trackID
        )
    }
}

/// What a track says of samples whose fragment does not: the `trex` box (ISO/IEC 14496-12 §8.8.3).
public struct TrackDefaults: Sendable, Hashable {
    public var sampleDuration: UInt32
    public var sampleSize: UInt32
    public var sampleFlags: UInt32

    public init(sampleDuration: UInt32 = 0, sampleSize: UInt32 = 0, sampleFlags: UInt32 = 0) {
        self.sampleDuration = sampleDuration
        self.sampleSize = sampleSize
        self.sampleFlags = sampleFlags
    }
}
