/// What a publisher's connection says.
public enum RTMPEvent: Sendable, Equatable {
    case connected(ConnectRequest)
    /// Wants exactly one answer: `acceptPublish()` or `refusePublish(_:description:)`.
    case publish(PublishRequest)
    case audio(AudioTag)
    /// Comes when something in it changed.
    case metadata(StreamMetadata)
    /// A video message, which was passed over.
    case video(byteCount: Int)
    /// FCUnpublish, deleteStream or closeStream of the stream that was asked to be published: a clean end. A publish
    /// may follow on the same connection.
    case unpublish
    /// The audio is in a codec that cannot be decoded here; said once a publication.
    case unsupportedCodec(name: String)
    /// Audio came for five seconds without the decoder set-up that it needs; said once a publication.
    case missingSequenceHeader(FLVAudioCodec)
    case ignored(IgnoredInput)

    init(_ event: FLVEvent) {
        switch event {
        case .audio(let tag): self = .audio(tag)
        case .metadata(let metadata): self = .metadata(metadata)
        case .video(let count): self = .video(byteCount: count)
        case .unsupportedCodec(let name): self = .unsupportedCodec(name: name)
        case .missingSequenceHeader(let codec): self = .missingSequenceHeader(codec)
        case .ignored(let input): self = .ignored(input)
        }
    }
}
