public import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Stands in a listening socket's pipeline before a connection is set up: refuses those that meet a limit, and stops
/// accepting for a moment when file descriptors run out. The kernel would report the same connection again at once,
/// and the event loop would do nothing else.
public final class ConnectionGate: ChannelInboundHandler {
    public typealias InboundIn = any Channel
    public typealias InboundOut = any Channel

    private let limiter: ConnectionLimiter
    /// Makes what tells a refused peer why.
    private let explanation: (@Sendable (ConnectionLimit) -> any ChannelHandler & Sendable)?
    /// Connections that were refused and still have a descriptor, and those among them that are told why.
    private var refused = 0
    private var explained = 0
    private var isPaused = false

    /// How many connections are accepted before the event loop does something else. Each may be one more than the
    /// limits allow, until it is closed.
    public static let acceptsAtOnce: UInt = 16
    /// Those that are told why stay for a moment; further ones are closed at once.
    private static let maximumExplained = 16
    /// Only event loops that are far behind leave so many open.
    private static let maximumRefused = 64
    private static let pause = TimeAmount.milliseconds(250)

    /// - Parameter explanation: makes a handler that tells the peer of a refused connection why, and closes it. Whoever
    ///   sets up a connection must leave one alone that has such a handler.
    init(
        limiter: ConnectionLimiter, explanation: (@Sendable (ConnectionLimit) -> any ChannelHandler & Sendable)? = nil
    ) {
        self.limiter = limiter
        self.explanation = explanation
    }

    public convenience init(limiter: ConnectionLimiter) {
        self.init(limiter: limiter, explanation: nil)
    }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        let address = connection.remoteAddress.flatMap { IPAddress($0) }
        guard let limit = limiter.enter(address) else {
            let limiter = limiter
            connection.closeFuture.whenComplete { _ in limiter.leave(address) }
            context.fireChannelRead(data)
            return
        }
        let explanation = explained < Self.maximumExplained ? explanation : nil
        let isExplained = explanation != nil
        refused += 1
        if isExplained { explained += 1 }
        if refused >= Self.maximumRefused { pause(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        connection.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (gate, context) = bound.value
            gate.refusedEnded(isExplained, context)
        }
        if let explanation {
            // In the pipeline before anything else: the connection's loop does first what was asked first.
            connection.pipeline.addHandler(explanation(limit)).whenFailure { _ in connection.close(promise: nil) }
            context.fireChannelRead(data)
        } else {
            connection.close(promise: nil)
        }
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.isShortage(error.errnoCode) {
            limiter.note(.descriptors, nil)
            pause(context)
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.pause) {
                let (gate, context) = bound.value
                gate.resume(context)
            }
        }
        context.fireErrorCaught(error)
    }

    private static func isShortage(_ code: CInt) -> Bool {
        [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(code)
    }

    private func refusedEnded(_ wasExplained: Bool, _ context: ChannelHandlerContext) {
        refused -= 1
        if wasExplained { explained -= 1 }
        if refused < Self.maximumRefused / 2 { resume(context) }
    }

    /// Not by holding back `read`: after an accept that failed, the channel still waits for the socket.
    private func pause(_ context: ChannelHandlerContext) {
        guard !isPaused else { return }
        isPaused = true
        setAutoRead(false, context)
    }

    private func resume(_ context: ChannelHandlerContext) {
        guard isPaused, refused < Self.maximumRefused else { return }
        isPaused = false
        setAutoRead(true, context)
    }

    private func setAutoRead(_ value: Bool, _ context: ChannelHandlerContext) {
        // Fails where the listener is closed, which needs no accepting.
        try? context.channel.syncOptions?.setOption(.autoRead, value: value)
    }
}

@available(*, unavailable)
extension ConnectionGate: Sendable {}
