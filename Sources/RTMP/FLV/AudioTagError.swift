/// Why the payload of an audio message was passed over.
public enum AudioTagError: Error, Sendable, Hashable {
    case truncated
    /// A packet type, multitrack type or channel order that is reserved.
    case reservedValue(UInt8)
    case nestedMultitrack
    case malformedSequenceHeader(FLVAudioCodec)
    /// More tracks in one message, or on one connection, than are followed.
    case tooManyTracks
}
