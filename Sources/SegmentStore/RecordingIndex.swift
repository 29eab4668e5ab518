/// All that is needed to write the playlists of what is stored of a stream.
///
/// Names and durations follow by arithmetic, so it does not grow with the show but for what changes in it.
public struct RecordingIndex: Codable, Sendable, Equatable {
    public struct Rendition: Codable, Sendable, Equatable {
        public var name: String
        public var codecs: String
        public var peakBitRate: UInt32
        public var averageBitRate: UInt32

        public init(name: String, codecs: String, peakBitRate: UInt32, averageBitRate: UInt32) {
            self.name = name
            self.codecs = codecs
            self.peakBitRate = peakBitRate
            self.averageBitRate = averageBitRate
        }
    }

    public struct DateCorrection: Codable, Sendable, Equatable {
        /// Segment of the epoch, counted from 0, from whose start on the date holds.
        public var segment: UInt64
        /// Date of that segment's first sample, microseconds since 1970.
        public var dateMicroseconds: Int64

        public init(segment: UInt64, dateMicroseconds: Int64) {
            self.segment = segment
            self.dateMicroseconds = dateMicroseconds
        }
    }

    public struct Epoch: Codable, Sendable, Equatable {
        public var number: UInt32
        public var firstMediaSequence: UInt64
        public var discontinuitySequence: UInt64
        /// Segment of the epoch that is the first stored, counted from 0.
        public var segmentCount: UInt64
        /// Samples of the last segment; the others are whole.
        public var lastSegmentSamples: Int64
        /// The first is the date of the epoch's first stored segment.
        public var dates: [DateCorrection]

        public init(
            number: UInt32, firstMediaSequence: UInt64, discontinuitySequence: UInt64, segmentCount: UInt64,
            lastSegmentSamples: Int64, dates: [DateCorrection]
        ) {
            self.number = number
            self.firstMediaSequence = firstMediaSequence
            self.discontinuitySequence = discontinuitySequence
            self.segmentCount = segmentCount
            self.lastSegmentSamples = lastSegmentSamples
            self.dates = dates
        }

        public var nextMediaSequence: UInt64 { firstMediaSequence + segmentCount }

        /// Date of a segment's first sample, microseconds since 1970.
        public func dateMicroseconds(ofSegment segment: UInt64) -> Int64 {
            guard let base = dates.last(where: { $0.segment <= segment }) ?? dates.first else { return 0 }
            return base.dateMicroseconds + (Int64(segment) - Int64(base.segment)) * 1_920_000
        }
    }

    public struct NowPlayingChange: Codable, Sendable, Equatable {
        public var epoch: UInt32
        /// Position in the epoch, samples of 48 kHz.
        public var position: Int64
        public var title: String
        public var artist: String

        public init(epoch: UInt32, position: Int64, title: String, artist: String) {
            self.epoch = epoch
            self.position = position
            self.title = title
            self.artist = artist
        }
    }

    public var version = 1
    public var stream: String
    public var renditions: [Rendition]
    public var epochs: [Epoch] = []
    public var nowPlaying: [NowPlayingChange] = []
    /// Changes that ``nowPlaying`` no longer has, since there were more than it may have.
    public var forgottenNowPlaying = 0
    /// Whether the stream is over and all of it is stored.
    public var isComplete = false
    /// What the rules for recordings go by.
    public var keeping = Keeping()

    public init(stream: String, renditions: [Rendition]) {
        self.stream = stream
        self.renditions = renditions
    }

    private enum CodingKeys: String, CodingKey {
        case version, stream, renditions, epochs, nowPlaying, forgottenNowPlaying, isComplete, keeping
    }

    /// Indices from before there were rules have no ``keeping``.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            stream: try values.decode(String.self, forKey: .stream),
            renditions: try values.decode([Rendition].self, forKey: .renditions))
        version = try values.decode(Int.self, forKey: .version)
        epochs = try values.decode([Epoch].self, forKey: .epochs)
        nowPlaying = try values.decode([NowPlayingChange].self, forKey: .nowPlaying)
        forgottenNowPlaying = try values.decodeIfPresent(Int.self, forKey: .forgottenNowPlaying) ?? 0
        isComplete = try values.decode(Bool.self, forKey: .isComplete)
        keeping = try values.decodeIfPresent(Keeping.self, forKey: .keeping) ?? Keeping()
    }

    /// Date of the end of the last segment, microseconds since 1970; 0 when nothing is stored.
    public var endMicroseconds: Int64 {
        guard let last = epochs.last, last.segmentCount > 0 else { return 0 }
        return last.dateMicroseconds(ofSegment: last.segmentCount - 1) + last.lastSegmentSamples * 125 / 6
    }

    /// Date of the first sample, microseconds since 1970; 0 when nothing is stored.
    public var startMicroseconds: Int64 { epochs.first?.dates.first?.dateMicroseconds ?? 0 }

    /// One past the last stored segment.
    public var nextMediaSequence: UInt64 { epochs.last?.nextMediaSequence ?? 0 }

    public var totalSamples: Int64 {
        epochs.reduce(0) { sum, epoch in
            epoch.segmentCount == 0 ? sum : sum + Int64(epoch.segmentCount - 1) * 92_160 + epoch.lastSegmentSamples
        }
    }
}
