import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What all connections of a server share on one event loop: the clock, the `Date` line, the counters and the
/// list of connections. Bound to its loop; nothing here is locked.
///
/// One repeating task looks at all deadlines twice a second. A timer for each request would be set and cancelled
/// for every single one, which costs more than to answer it.
final class HTTPServerLoop {
    let eventLoop: any EventLoop
    let configuration: HTTPServerConfiguration
    let responders: [any HTTPResponder]
    let logger: Logger
    let logsAccess: Bool

    /// The time at the last tick: exact enough for time-outs, and free.
    private(set) var now = NIODeadline.now()
    private(set) var dateLine = ByteBuffer()
    /// The buffer in which heads and small bodies are written. When the kernel took the last one, it is used again.
    var scratch = ByteBuffer()
    var counts = HTTPServerCounts()
    var kept = HTTPKeptResponses()
    var held = HTTPHeldRequests()
    private(set) var isShuttingDown = false

    private let metrics: (any HTTPServerMetrics)?
    private var connections: [ObjectIdentifier: HTTPConnectionHandler] = [:]
    private var handedOver: [ObjectIdentifier: any Channel] = [:]
    private var secondsOfDateLine = -1
    private var isTicking = true
    private var drained: EventLoopPromise<Void>?
    private var drainDeadline = NIODeadline.distantFuture

    init(
        eventLoop: any EventLoop, configuration: HTTPServerConfiguration, responders: [any HTTPResponder],
        metrics: (any HTTPServerMetrics)?, logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.responders = responders
        self.metrics = metrics
        self.logger = logger
        self.logsAccess = logger.logLevel <= .debug
        scratch.reserveCapacity(16 * 1024)
        updateClock()
        scheduleTick()
    }

    private func scheduleTick() {
        eventLoop.assumeIsolated().scheduleTask(in: configuration.tickInterval) { [weak self] in
            guard let self, isTicking else { return }
            tick()
            scheduleTick()
        }
    }

    func add(_ connection: HTTPConnectionHandler) {
        counts.connectionsOpened += 1
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: HTTPConnectionHandler) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        connectionEnded()
    }

    /// The connection is not HTTP's any more, but it still belongs to the server's life.
    func handOver(_ connection: HTTPConnectionHandler, channel: any Channel) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counts.handedOver += 1
        handedOver[ObjectIdentifier(channel)] = channel
        let key = ObjectIdentifier(channel)
        channel.closeFuture.assumeIsolated().whenComplete { [self] _ in
            handedOver.removeValue(forKey: key)
            connectionEnded()
        }
    }

    private func connectionEnded() {
        counts.connectionsClosed += 1
        finishIfDrained()
    }

    private func updateClock() {
        now = .now()
        let seconds = Int(time(nil))
        guard seconds != secondsOfDateLine else { return }
        secondsOfDateLine = seconds
        dateLine = ByteBuffer()
        dateLine.writeField("Date", HTTPDate.text(secondsSince1970: seconds))
    }

    private func tick() {
        updateClock()
        kept.removeRevoked()
        for connection in connections.values { connection.tick(now) }
        if isShuttingDown, now >= drainDeadline {
            for connection in connections.values { connection.cutOff() }
            for channel in handedOver.values { channel.close(promise: nil) }
        }
        report()
    }

    private func report() {
        guard let metrics, counts != HTTPServerCounts() else { return }
        metrics.add(counts)
        counts = HTTPServerCounts()
    }

    /// Ends idle connections, answers held requests with 503, tells those that took connections over.
    /// - Returns: fulfilled when the last connection has ended; no later than the drain time-out says.
    func shutDown() -> EventLoopFuture<Void> {
        if let drained { return drained.futureResult }
        let promise = eventLoop.makePromise(of: Void.self)
        drained = promise
        isShuttingDown = true
        drainDeadline = .now() + configuration.drainTimeout
        for connection in connections.values { connection.serverShutsDown() }
        for channel in handedOver.values { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
        finishIfDrained()
        return promise.futureResult
    }

    private func finishIfDrained() {
        guard isShuttingDown, connections.isEmpty, handedOver.isEmpty, isTicking else { return }
        isTicking = false
        report()
        drained?.succeed()
    }
}
