/// Finds the audio in a push: packets without their container, what a decoder needs for them, and tags.
///
/// Pulls blocking from its input, on the thread that calls ``next()``; for one thread at a time, to be handed over
/// whole. Video and further audio are dropped. Whatever a peer sends is bounded: memory, bytes without audio, tags.
public final class Demuxer {
    public let format: ContainerFormat
    private let reader: any ContainerReader

    /// - Parameter input: read by `next` only, nothing is read here.
    public init(format: ContainerFormat, input: any DemuxerInput) {
        self.format = format
        switch format {
        case .adts: reader = ADTSReader(InputWindow(input, limit: 1 << 20))
        case .mp3: reader = MPEGAudioReader(InputWindow(input, limit: 1 << 20))
        case .ogg: reader = OggReader(InputWindow(input, limit: 2 << 20))
        case .flac: reader = FLACReader(InputWindow(input, limit: 4 << 20))
        case .matroska, .mov, .mpegts, .flv: reader = LibraryReader(format, InputWindow(input, limit: 8 << 20))
        }
    }

    /// Waits for the next item.
    ///
    /// - Returns: `nil` at the end of the stream.
    /// - Throws: ``FFmpegError``; there is nothing more to get after it. What the input threw goes through.
    public func next() throws(FFmpegError) -> DemuxedItem? {
        try reader.next()
    }
}

@available(*, unavailable)
extension Demuxer: Sendable {}
