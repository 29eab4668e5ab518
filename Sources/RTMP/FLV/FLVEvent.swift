/// What audio, video and data messages, or the tags of an FLV file, say.
public enum FLVEvent: Sendable, Equatable {
    case audio(AudioTag)
    /// Comes when something in it changed.
    case metadata(StreamMetadata)
    /// Video that was passed over.
    case video(byteCount: Int)
    /// The default track is in a codec that cannot be decoded here; said once.
    case unsupportedCodec(name: String)
    /// Audio of the default track came for five seconds without the decoder set-up that it needs; said once.
    case missingSequenceHeader(FLVAudioCodec)
    case ignored(IgnoredInput)
}

/// Input that is passed over without harm, for counters and debug logs.
public enum IgnoredInput: Sendable, Hashable {
    case audio(AudioTagError)
    case frameBeforeSequenceHeader(FLVAudioCodec, track: Int)
    case unsupportedTrack(name: String, track: Int)
    case data(AMFError)
    case aggregate
    /// Protocol control or user control messages without the fields that they need.
    case control(messageType: UInt8)
    case messageType(UInt8)
    /// Media for a message stream that is not published, or before it was.
    case mediaOutsidePublication(messageStreamID: UInt32)
    case play
    /// An encrypted FLV tag.
    case encryptedTag
}
