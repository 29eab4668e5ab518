import NIOCore

/// Bytes of a push that wait on the event loop, since what came before is too far ahead of real time or has no room.
///
/// As a rule nothing waits, and nothing is copied. But a peer that closes has its socket read to the end at once, whether
/// that is wanted or not.
struct PacedInput {
    /// Taken at a time: half a second of the leanest audio, so that what is too early is seen early enough.
    private static let pieceBytes = 8 << 10
    /// More than a socket's receive buffer has.
    private static let heldBytes = 16 << 20

    private var held = ByteBuffer()
    /// Ahead of real time.
    fileprivate(set) var isPaused = false
    /// Whoever takes the bytes has no room.
    fileprivate(set) var isBlocked = false
    /// The peer sends no more.
    fileprivate(set) var hasEnded = false

    var isEmpty: Bool { held.readableBytes == 0 }

    /// Whether silence on the connection is our own doing.
    var isHolding: Bool { isPaused || isBlocked || !isEmpty }

    /// - Returns: false when more waits than may.
    fileprivate mutating func add(_ bytes: ByteBuffer) -> Bool {
        if isEmpty { held = bytes } else { held.writeImmutableBuffer(bytes) }
        return held.readableBytes <= Self.heldBytes
    }

    fileprivate mutating func next() -> ByteBuffer? {
        // Behind the end nobody says that there is room again: what is left is bounded, and goes as time allows.
        guard !isPaused, !isBlocked || hasEnded, !isEmpty else { return nil }
        let piece = held.readSlice(length: min(held.readableBytes, Self.pieceBytes))
        // Lets go of what was read.
        if isEmpty { held = ByteBuffer() }
        return piece
    }
}

/// A connection that is read no faster than real time and the lead that a push may have.
protocol PacedHandler: AnyObject, SendableMetatype {
    var input: PacedInput { get set }

    /// Whether bytes that still come are of no interest.
    var isClosing: Bool { get }

    /// By how much the push is too far ahead of real time, in nanoseconds.
    var excessLead: Int64 { get }

    func take(_ piece: ByteBuffer, _ context: ChannelHandlerContext)

    /// The peer has closed, and all that it sent was taken.
    func inputEnded(_ context: ChannelHandlerContext)

    /// More came than can wait.
    func overflowed(_ context: ChannelHandlerContext)

    /// Nothing was read for a while because of us: the peer is not to blame.
    func postponeReadDeadline()
}

extension PacedHandler {
    func received(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard input.add(bytes) else { return overflowed(context) }
        takeHeld(context)
    }

    /// The peer has closed its side; what waits is still taken in its time.
    func peerEnded(_ context: ChannelHandlerContext) {
        guard !input.hasEnded else { return }
        input.hasEnded = true
        takeHeld(context)
    }

    /// Stops reading until `hasRoom`.
    func block(_ context: ChannelHandlerContext) {
        input.isBlocked = true
        setReading(false, context)
    }

    func hasRoom(_ context: ChannelHandlerContext) {
        guard input.isBlocked else { return }
        input.isBlocked = false
        postponeReadDeadline()
        takeHeld(context)
        setReading(true, context)
    }

    private func takeHeld(_ context: ChannelHandlerContext) {
        while !isClosing, let piece = input.next() {
            take(piece, context)
            pause(context)
        }
        if input.hasEnded, input.isEmpty { inputEnded(context) }
    }

    private func pause(_ context: ChannelHandlerContext) {
        guard !input.isPaused, !isClosing, case let excess = excessLead, excess > 0 else { return }
        input.isPaused = true
        setReading(false, context)
        resume(context, after: excess)
    }

    /// Looks again after a while: one read may bring seconds of audio, so it must not come before its time.
    private func resume(_ context: ChannelHandlerContext, after excess: Int64) {
        postponeReadDeadline()
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .nanoseconds(min(excess, 500_000_000) + 1_000_000)) {
            let (handler, context) = loopBound.value
            let excess = handler.isClosing ? 0 : handler.excessLead
            if excess > 0 { return handler.resume(context, after: excess) }
            handler.input.isPaused = false
            handler.takeHeld(context)
            handler.setReading(true, context)
        }
    }

    private func setReading(_ isWanted: Bool, _ context: ChannelHandlerContext) {
        guard !input.hasEnded, !isWanted || !(input.isPaused || input.isBlocked) else { return }
        context.channel.setOption(.autoRead, value: isWanted).whenComplete { _ in }
    }
}
