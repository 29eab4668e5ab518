public import NIOCore

/// One access unit of the source, placed on its leg.
public struct SourcePacket: Sendable, Equatable {
    /// First sample that is heard, in samples of the source's own rate from the leg's start.
    public var position: Int64
    /// Samples that are heard, at the source's own rate, counted from the codec's frames less what the container has cut
    /// off. What the decoder gives behind them is padding.
    public var length: Int32
    /// Samples that the decoder gives before the first that is heard, at the source's own rate.
    public var skip: Int32
    public var payload: ByteBuffer

    /// More than a packet of any codec has.
    public static let mostSamples: Int32 = 1 << 17

    public init(position: Int64, length: Int32, skip: Int32 = 0, payload: ByteBuffer) {
        self.position = position
        self.length = length
        self.skip = skip
        self.payload = payload
    }
}

/// What is being played, as the streamer's software tells it.
public struct NowPlaying: Sendable, Hashable {
    public var title: String
    public var artist: String

    public init(title: String, artist: String = "") {
        self.title = title
        self.artist = artist
    }

    public static let nothing = NowPlaying(title: "")
    public var isEmpty: Bool { title.isEmpty && artist.isEmpty }
}

/// What Ingest writes into a source, in the order of the clock.
public enum SourceItem: Sendable, Equatable {
    case packet(SourcePacket)
    /// Nothing came for this stretch of the 48 kHz clock. Only Ingest decides so.
    case silence(start: Int64, length: Int64)
    /// The leg is over: decoder and resampler are flushed and cut at this position of the 48 kHz clock.
    case legEnd(position: Int64)
    case nowPlaying(NowPlaying, position: Int64)
    /// The stream is over.
    case end(position: Int64)
}

/// What travels from Ingest to a worker in one message.
public struct SourceBatch: Sendable, Equatable {
    public var epoch: UInt32
    /// Counts the batches of an epoch from 0, so that a batch published twice is recognised.
    public var sequence: UInt64
    /// Date of the epoch's sample 0, microseconds since 1970, as believed when the batch was cut.
    public var epochDateMicroseconds: Int64
    /// The leg that the batch's packets belong to; none while there was silence only.
    public var leg: Leg?
    public var items: [SourceItem]

    public init(epoch: UInt32, sequence: UInt64, epochDateMicroseconds: Int64, leg: Leg?, items: [SourceItem]) {
        self.epoch = epoch
        self.sequence = sequence
        self.epochDateMicroseconds = epochDateMicroseconds
        self.leg = leg
        self.items = items
    }
}
