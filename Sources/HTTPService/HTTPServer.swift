public import Logging
public import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 server for everything that the product serves: a list of responders behind one port.
///
/// It was written for one path: a part or a playlist from memory, five times a second for each listener. Parsing,
/// responding and writing happen in one call on the connection's event loop, without an allocation for fields and
/// without a task. `Benchmarks/http` compares the CPU time of one request with nginx; docs/benchmarks.md has the figures.
/// What it took: responses that a loop gives out by itself (`HTTPLease`), three system calls a request
/// (`epoll_wait`, `read`, `send`), deadlines that are looked at twice a second in place of timers, counters without
/// atomics, heads encoded when a response is made, and a read buffer that is given back before the next read.
public final class HTTPServer: Sendable {
    private let host: String
    private let port: Int
    private let socket: CInt?
    private let group: any EventLoopGroup
    private let responders: [any HTTPResponder]
    private let configuration: HTTPServerConfiguration
    private let metrics: (any HTTPServerMetrics)?
    private let logger: Logger
    private let state = Mutex(State.new)

    private enum State {
        case new
        case starting
        case running(Running)
        case stopped
    }

    private struct Running {
        let listener: any Channel
        let loops: [ObjectIdentifier: NIOLoopBound<HTTPServerLoop>]
        /// Fulfilled when everything has ended.
        let finished: EventLoopPromise<Void>
        var isShuttingDown = false
    }

    /// - Parameters:
    ///   - host: a name or an address of this machine, `0.0.0.0` or `::` for all of them.
    ///   - port: 0 takes a free one; `start()` tells which.
    ///   - socket: listens there already, inherited from the process that started this one.
    ///   - responders: asked in order.
    public init(
        host: String, port: Int, socket: CInt? = nil, group: any EventLoopGroup, responders: [any HTTPResponder],
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        metrics: (any HTTPServerMetrics)? = nil, logger: Logger
    ) {
        self.host = host
        self.port = port
        self.socket = socket
        self.group = group
        self.responders = responders
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
    }

    /// Binds the port and begins to answer.
    /// - Returns: the port.
    @discardableResult
    public func start() async throws(HTTPServerError) -> Int {
        let mayStart = state.withLock { state in
            guard case .new = state else { return false }
            state = .starting
            return true
        }
        guard mayStart else { throw .alreadyStarted }
        var loops: [ObjectIdentifier: NIOLoopBound<HTTPServerLoop>] = [:]
        do {
            loops = try await makeLoops()
            let listener = try await bind(loops)
            let running = Running(
                listener: listener, loops: loops, finished: listener.eventLoop.makePromise(of: Void.self))
            let wasStopped = state.withLock { state in
                if case .stopped = state { return true }
                state = .running(running)
                return false
            }
            if wasStopped { await end(running) }
            return listener.localAddress?.port ?? port
        } catch {
            state.withLock { $0 = .stopped }
            for loop in loops.values { await loop.shutDown() }
            throw Self.describe(error, host: host, port: port)
        }
    }

    /// Starts the server, unless it was started, and returns when it was shut down. Cancelling the task shuts it
    /// down.
    public func run() async throws(HTTPServerError) {
        if state.withLock({ if case .new = $0 { true } else { false } }) { try await start() }
        let finished = state.withLock { state -> EventLoopFuture<Void>? in
            if case .running(let running) = state { running.finished.futureResult } else { nil }
        }
        guard let finished else { return }
        await withTaskCancellationHandler {
            // This promise is only ever fulfilled.
            _ = try? await finished.get()
        } onCancel: {
            Task { await shutdown() }
        }
    }

    /// Stops accepting, lets answers that are being made finish, answers held requests with 503, ends idle
    /// connections, and returns when all is done: at the latest after the drain time-out.
    public func shutdown() async {
        let (running, isFirst): (Running?, Bool) = state.withLock { state in
            guard case .running(var running) = state else {
                if case .starting = state { state = .stopped }
                if case .new = state { state = .stopped }
                return (nil, false)
            }
            let isFirst = !running.isShuttingDown
            running.isShuttingDown = true
            state = .running(running)
            return (running, isFirst)
        }
        guard let running else { return }
        if isFirst {
            await end(running)
            state.withLock { $0 = .stopped }
        } else {
            _ = try? await running.finished.futureResult.get()
        }
    }

    private func end(_ running: Running) async {
        // A listener that is already closed is what is wanted here, so its error says nothing.
        _ = try? await running.listener.close().get()
        await withTaskGroup { group in
            for loop in running.loops.values { group.addTask { await loop.shutDown() } }
        }
        running.finished.succeed()
    }

    private func makeLoops() async throws -> [ObjectIdentifier: NIOLoopBound<HTTPServerLoop>] {
        var loops: [ObjectIdentifier: NIOLoopBound<HTTPServerLoop>] = [:]
        for eventLoop in group.makeIterator() {
            let made = eventLoop.submit { [configuration, responders, metrics, logger] in
                NIOLoopBound(
                    HTTPServerLoop(
                        eventLoop: eventLoop, configuration: configuration, responders: responders, metrics: metrics,
                        logger: logger), eventLoop: eventLoop)
            }
            loops[ObjectIdentifier(eventLoop)] = try await made.get()
        }
        return loops
    }

    private func bind(_ loops: [ObjectIdentifier: NIOLoopBound<HTTPServerLoop>]) async throws -> any Channel {
        let highWaterMark = configuration.outboundHighWaterMark
        let limiter =
            configuration.limiter
            ?? ConnectionLimiter(listener: "http", maximum: .max, maximumPerAddress: .max, logger: logger)
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: ConnectionGate.acceptsAtOnce)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ConnectionGate(limiter: limiter) { ConnectionRefusal($0) })
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client may close its side after its request and still read the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // Requests are small; a fixed size spares the allocator's guessing and a second read.
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(low: highWaterMark / 4, high: highWaterMark)
            )
            .childChannelInitializer { [secure = configuration.secure] channel in
                channel.eventLoop.makeCompletedFuture {
                    // Refused: its end is being told.
                    guard (try? channel.pipeline.syncOperations.handler(type: ConnectionRefusal.self)) == nil else {
                        return
                    }
                    try secure?(channel)
                    guard let loop = loops[ObjectIdentifier(channel.eventLoop)]?.value else {
                        throw ChannelError.operationUnsupported
                    }
                    try channel.pipeline.syncOperations.addHandler(HTTPConnectionHandler(loop: loop))
                }
            }
            .listen(host: host, port: port, socket: socket, backlog: HTTPServerConfiguration.backlog)
    }

    private static func describe(_ error: any Error, host: String, port: Int) -> HTTPServerError {
        guard let error = error as? IOError else {
            return .addressNotAvailable(host: host, port: port, reason: "\(error)")
        }
        return error.errnoCode == EADDRINUSE
            ? .addressInUse(host: host, port: port)
            : .addressNotAvailable(host: host, port: port, reason: error.description)
    }
}

extension NIOLoopBound<HTTPServerLoop> {
    fileprivate func shutDown() async {
        // The future of a drained loop cannot fail; it could only if the event loop itself were gone.
        try? await eventLoop.flatSubmit { self.value.shutDown() }.get()
    }
}
