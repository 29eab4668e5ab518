import AudioTimeline

/// Finds the audio in a push: packets without their container, what a decoder needs for them, and tags.
///
/// Audio that no decoder takes is refused before its first packet.
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
        case .adts, .loas, .mp3, .flac: reader = BareReader(format, InputWindow(input, limit: 4 << 20))
        case .ogg: reader = OggReader(InputWindow(input, limit: 2 << 20))
        case .matroska, .mov, .mpegts, .flv: reader = LibraryReader(format, InputWindow(input, limit: 8 << 20))
        }
    }

    /// Waits for the next item.
    ///
    /// - Returns: `nil` at the end of the stream.
    /// - Throws: ``FFmpegError``; there is nothing more to get after it. What the input threw goes through.
    public func next() throws(FFmpegError) -> DemuxedItem? {
        let item = try reader.next()
        if case .configuration(let configuration)? = item, let refusal = configuration.refusal {
            throw FFmpegError(refusal)
        }
        return item
    }
}

@available(*, unavailable)
extension Demuxer: Sendable {}
