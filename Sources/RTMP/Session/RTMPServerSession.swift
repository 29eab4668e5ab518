public import NIOCore

/// The server's side of one RTMP connection of a publisher: bytes in, events and bytes out.
///
/// A value without I/O and clock. After each call write what `takeOutput()` gives, but take it only while the transport
/// is writable: output that waits is bounded, and a peer that does not read ends with an error.
public struct RTMPServerSession: Sendable {
    enum Phase: Sendable, Equatable {
        case handshake
        case awaitingConnect
        /// Connected, nothing is published.
        case idle
        /// A publish waits for its answer.
        case deciding(messageStreamID: UInt32)
        /// The peer took the publish back before its answer. Only that answer ends this phase, so that it is never
        /// taken for the answer to a later publish.
        case withdrawn
        case publishing(messageStreamID: UInt32)
        /// Refused, ended or failed: input is thrown away.
        case closed
    }

    let limits: RTMPLimits
    var phase = Phase.handshake
    var handshake = ServerHandshake()
    var reader: ChunkReader
    var answers: ServerAnswers
    var unread = UnreadBytes()

    var connectRequest: ConnectRequest?
    var openMessageStreams: Set<UInt32> = []
    var lastMessageStreamID: UInt32 = 0
    var interpreter = FLVTagInterpreter()
    /// Metadata and decoder set-up that came before the answer to the publish; encoders do not repeat them.
    var heldEvents: [RTMPEvent] = []

    var unknownMessageCount = 0
    /// Bytes received since something was last published.
    var bytesWithoutPublish = 0

    public init(limits: RTMPLimits = RTMPLimits()) {
        self.limits = limits
        reader = ChunkReader(limits: limits)
        answers = ServerAnswers(limits: limits)
    }

    /// Whether C0, C1 and C2 are through.
    public var isHandshakeComplete: Bool { phase != .handshake }

    /// Whether an accepted publication goes on.
    public var isPublishing: Bool {
        if case .publishing = phase { true } else { false }
    }

    /// Consumes all readable bytes of `bytes` and appends what they say to `events`, in order.
    ///
    /// What was said before an error is in `events` too. After an error write the pending output, log the error and
    /// close; the session takes nothing more.
    public mutating func receive(_ bytes: inout ByteBuffer, into events: inout [RTMPEvent]) throws(RTMPError) {
        guard phase != .closed else {
            bytes.moveReaderIndex(to: bytes.writerIndex)
            return
        }
        do throws(RTMPError) {
            try advance(&bytes, into: &events)
        } catch {
            phase = .closed
            unread = UnreadBytes()
            throw error
        }
    }

    /// Consumes all readable bytes of `bytes`. Events in order; an error takes with it those of the same call.
    public mutating func receive(_ bytes: inout ByteBuffer) throws(RTMPError) -> [RTMPEvent] {
        var events: [RTMPEvent] = []
        try receive(&bytes, into: &events)
        return events
    }

    /// Bytes to write now: handshake, acknowledgements, answers; nil when there are none.
    public mutating func takeOutput() -> ByteBuffer? {
        answers.takeOutput()
    }

    private mutating func advance(_ bytes: inout ByteBuffer, into events: inout [RTMPEvent]) throws(RTMPError) {
        if isPublishing, !heldEvents.isEmpty {
            events += heldEvents
            heldEvents = []
        }
        let count = bytes.readableBytes
        var input = unread.join(&bytes)
        answers.countReceived(count)
        if phase == .handshake {
            if try handshake.read(&input, output: &answers.output) { phase = .awaitingConnect }
        }
        if phase != .handshake {
            while phase != .closed, let output = try reader.next(&input) { try handle(output, into: &events) }
        }
        if phase != .closed { unread.keep(input) }
        try countUnpublished(count)
        answers.acknowledgeIfDue()
        try answers.checkPendingOutput()
    }

    private mutating func countUnpublished(_ count: Int) throws(RTMPError) {
        if isPublishing {
            bytesWithoutPublish = 0
        } else {
            bytesWithoutPublish += count
            guard bytesWithoutPublish <= limits.bytesWithoutPublish
            else { throw .tooMuchBeforePublish(limit: limits.bytesWithoutPublish) }
        }
    }
}
