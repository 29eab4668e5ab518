/// What one connection may make the server hold or answer.
///
/// Nothing is ever reserved by an announced count, so that a limit is reached only by bytes that really came.
public struct RTMPLimits: Sendable, Hashable {
    /// Length of a command, data or audio message before a publish was accepted, in bytes.
    public var messageBytesBeforePublish = 16 * 1024
    /// Length of a command, data or audio message of an accepted publisher, in bytes.
    public var messageBytes = 64 * 1024
    /// Length of a video message, which is passed over chunk by chunk, in bytes.
    public var videoMessageBytes = 8 * 1024 * 1024
    /// Length of an aggregate message, in bytes.
    public var aggregateMessageBytes = 1024 * 1024
    /// Parts of unfinished messages over all chunk streams, in bytes.
    public var unfinishedMessageBytes = 2 * 1024 * 1024
    /// Chunk streams that one connection may open.
    public var chunkStreams = 64
    /// Bytes taken in while nothing is published: handshake, commands and media sent too early.
    public var bytesWithoutPublish = 4 * 1024 * 1024
    /// Messages of unknown type before the connection is given up.
    public var unknownMessages = 1000
    /// Message streams (`createStream`) open at one time.
    public var messageStreams = 16
    /// Answers to pings and unknown calls that are free; beyond them one is earned by each kilobyte received.
    public var unearnedAnswers = 64
    /// The least number of bytes between two acknowledgements, whatever window the peer announces.
    public var acknowledgementIntervalBytes = 16 * 1024
    /// Output that waits to be taken, in bytes; a peer that never reads ends here.
    public var pendingOutputBytes = 64 * 1024
    /// Length of a stream key, in bytes of UTF-8.
    public var streamKeyBytes = 512

    public init() {}
}
