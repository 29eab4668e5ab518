/// The life of one connection: connect, restore, serve, and again. Runs on the thread of the connection.
final class ConnectionLoop {
    /// So many events are read before commands and publishing have their turn again.
    private static let eventsPerTurn = 256
    /// The library looks after heartbeats whenever it is asked for frames.
    private static let turn = Duration.milliseconds(250)
    /// Even a busy broker declares a stream within seconds.
    private static let patience = Duration.seconds(30)

    private let connection: BusConnection
    private let configuration: RabbitMQConfiguration
    private let topology: DeclaredTopology
    private let outgoing: OutgoingMessages?
    private let report: (RabbitMQConnectionState) -> Void
    private var backoff = Backoff()
    private var restoration = Restoration([])
    private var wasConnected = false
    private var disconnectedSince = ContinuousClock.now

    init(
        _ connection: BusConnection, _ configuration: RabbitMQConfiguration, _ topology: DeclaredTopology,
        outgoing: OutgoingMessages?, report: @escaping (RabbitMQConnectionState) -> Void
    ) {
        self.connection = connection
        self.configuration = configuration
        self.topology = topology
        self.outgoing = outgoing
        self.report = report
    }

    func run() {
        report(.connecting)
        while !connection.isStopping {
            do throws(RabbitMQConnectionError) {
                let link = try AMQPLink(
                    configuration, name: "twitchy \(connection.role.rawValue)",
                    heartbeatSeconds: connection.role.heartbeatSeconds)
                serve(link)
            } catch {
                report(.lost(error))
                pause(error)
            }
        }
        outgoing?.failAll(.shutDown)
        report(.closed)
    }

    /// Waits before the next attempt; meanwhile commands and messages grow too old.
    private func pause(_ error: RabbitMQConnectionError) {
        let end = ContinuousClock.now + backoff.next()
        while !connection.isStopping {
            connection.failCommands(error)
            let now = ContinuousClock.now
            if now - disconnectedSince > configuration.outageTolerance {
                outgoing?.failAll(.disconnected(error.description))
            }
            guard now < end else { return }
            connection.wakeUp.wait(for: min(end - now, Self.turn))
        }
    }

    private func serve(_ link: AMQPLink) {
        connection.setSocket(link.socket)
        let session = Session(link, role: connection.role)
        // Commands without a deadline were meant for the connection before this one.
        connection.failCommands(nil)
        begin(session)
        var reported = RabbitMQConnectionState.connecting
        while session.failure == nil, !connection.isStopping {
            turn(session, link)
            guard session.isReady, session.failure == nil else { continue }
            let state = session.blockedReason.map { RabbitMQConnectionState.blocked(reason: $0) } ?? .connected
            if state != reported {
                reported = state
                report(state)
            }
        }
        if session.failure == nil { closeInOrder(session, link) }
        connection.setSocket(nil)
        link.close(inOrder: session.failure == nil)
        let error = session.failure ?? .lost(endpoint: configuration.endpoint, reason: "closed")
        session.end(error, as: connection.isStopping ? .closed : .lost(error))
        outgoing?.connectionLost()
        if session.isReady { disconnectedSince = .now }
        if !connection.isStopping {
            report(.lost(error))
            pause(error)
        }
    }

    /// Declares again what this client declared, and waits for the logs that it appends to, before anything is
    /// published or consumed.
    private func begin(_ session: Session) {
        var steps: [[AMQPRequest]] = [[.declareTopicExchange(DeclaredTopology.exchange)]]
        if wasConnected {
            steps += topology.requests() + (outgoing?.logs ?? []).map { [.declareQueuePassively($0)] }
        }
        restoration = Restoration(steps)
        advance(session)
    }

    /// What somebody else has declared differently or deleted meanwhile stays as it is: who uses it is told.
    private func advance(_ session: Session) {
        guard let requests = restoration.next(now: .now) else {
            if restoration.isDone, !session.isReady {
                if let outgoing {
                    if wasConnected { outgoing.reconnected() }
                    PublishChannel.open(session, outgoing, topology)
                }
                session.isReady = true
                wasConnected = true
                backoff = Backoff()
            }
            return
        }
        session.perform(requests) { [weak self, weak session] result in
            guard let self, let session, session.failure == nil else { return }
            var isRecovering = false
            if case .failure(let failure) = result { isRecovering = failure.end.isRecovering }
            restoration.finish(isRecovering: isRecovering)
            advance(session)
        }
    }

    private func turn(_ session: Session, _ link: AMQPLink) {
        let wasReady = session.isReady
        if wasReady {
            for command in connection.takeCommands() { command.run(session) }
            if session.blockedReason == nil { session.publishChannel?.pump() }
        }
        if !wasReady { advance(session) }
        if session.receive(atMost: Self.eventsPerTurn) || session.isReady != wasReady { return }
        if session.isReady, session.blockedReason == nil, session.publishChannel?.canPump == true { return }
        if session.failure == nil {
            let pause = session.isReady ? Self.turn : Restoration.pause
            connection.wakeUp.wait(for: pause, orReadable: link.descriptor)
        }
        session.check(patience: Self.patience)
    }

    /// What was published is confirmed first, what was consumed goes back, then the connection is closed.
    private func closeInOrder(_ session: Session, _ link: AMQPLink) {
        let end = ContinuousClock.now + configuration.shutdownTimeout / 2
        for command in connection.takeCommands() { command.run(session) }
        while session.failure == nil, session.isReady, outgoing?.isEmpty == false, ContinuousClock.now < end {
            turn(session, link)
        }
        session.closeAllChannels()
        while session.failure == nil, session.hasChannels, ContinuousClock.now < end { turn(session, link) }
    }
}

extension RabbitMQConnectionRole {
    /// The time between signs of life; after two to three of these without one the other side is taken for dead.
    var heartbeatSeconds: Int {
        switch self {
        // Measured: a frozen consumer is found after 2.0 s.
        case .queues: 1
        // Nothing is handed on here; what an overloaded machine delays must not tear these down.
        case .publishing, .consuming: 5
        }
    }
}
