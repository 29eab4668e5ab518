public import NIOCore

/// What a rendition is, repeated with the first slot of every segment.
public struct RenditionSetup: Sendable, Equatable {
    /// Name in URLs, such as `aac-128`.
    public var name: String
    /// RFC 6381 codec string.
    public var codecs: String
    /// Bits a second at the peak and on average, container included (RFC 8216bis §4.4.6.2).
    public var peakBitRate: UInt32
    public var averageBitRate: UInt32
    /// Samples of the longest part.
    public var partTargetSamples: UInt32
    /// The initialization segment.
    public var initialization: ByteBuffer

    public init(
        name: String, codecs: String, peakBitRate: UInt32, averageBitRate: UInt32, partTargetSamples: UInt32,
        initialization: ByteBuffer
    ) {
        self.name = name
        self.codecs = codecs
        self.peakBitRate = peakBitRate
        self.averageBitRate = averageBitRate
        self.partTargetSamples = partTargetSamples
        self.initialization = initialization
    }
}

/// One rendition's part of a slot.
public struct RenditionPart: Sendable, Equatable {
    /// Samples of 48 kHz that it holds.
    public var durationSamples: UInt32
    public var bytes: ByteBuffer

    public init(durationSamples: UInt32, bytes: ByteBuffer) {
        self.durationSamples = durationSamples
        self.bytes = bytes
    }
}

/// Level of a slot, for meters: in steps of half a decibel below full scale, 0 is full scale, 255 silence.
public struct SlotLevel: Sendable, Equatable {
    public var peak: UInt8
    public var rms: UInt8

    public init(peak: UInt8, rms: UInt8) {
        self.peak = peak
        self.rms = rms
    }
}

/// All parts of all renditions for one slot: whole or absent.
public struct MediaBundle: Sendable, Equatable {
    public var generation: UInt32
    public var epoch: UInt32
    public var mediaSequence: UInt64
    public var discontinuitySequence: UInt64
    /// Index of the part in its segment, 0…9.
    public var part: UInt8
    /// Position of the slot's first sample in the epoch.
    public var position: Int64
    /// Samples of the clock that the slot covers: 9216, less only where an epoch ends.
    public var durationSamples: UInt32
    public var isLastOfSegment: Bool
    /// Date of the segment's first sample, microseconds since 1970.
    public var segmentDateMicroseconds: Int64
    /// What plays from this slot on: with each segment's first slot, and where it changes.
    public var nowPlaying: NowPlaying?
    /// Left and right.
    public var levels: [SlotLevel]
    /// In the ladder's order; empty but with the first slot of a segment.
    public var setups: [RenditionSetup]
    /// In the ladder's order.
    public var parts: [RenditionPart]

    public init(
        generation: UInt32, epoch: UInt32, mediaSequence: UInt64, discontinuitySequence: UInt64, part: UInt8,
        position: Int64, durationSamples: UInt32, isLastOfSegment: Bool, segmentDateMicroseconds: Int64,
        nowPlaying: NowPlaying?, levels: [SlotLevel], setups: [RenditionSetup], parts: [RenditionPart]
    ) {
        self.generation = generation
        self.epoch = epoch
        self.mediaSequence = mediaSequence
        self.discontinuitySequence = discontinuitySequence
        self.part = part
        self.position = position
        self.durationSamples = durationSamples
        self.isLastOfSegment = isLastOfSegment
        self.segmentDateMicroseconds = segmentDateMicroseconds
        self.nowPlaying = nowPlaying
        self.levels = levels
        self.setups = setups
        self.parts = parts
    }
}

/// An entry of the log `media.<stream>`.
public enum MediaLogEntry: Sendable, Equatable {
    /// From here on only this generation speaks; the first fence of a number wins.
    case fence(generation: UInt32, worker: String)
    case bundle(MediaBundle)
    /// The stream is over.
    case end(generation: UInt32)
}
