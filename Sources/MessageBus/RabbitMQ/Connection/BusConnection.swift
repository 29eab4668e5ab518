import Foundation
import Synchronization

/// One connection to the broker, on a thread of its own, from any other thread's point of view.
///
/// Commands are bounded by what causes them: a declaration waits for its answer, an acknowledgement needs a delivery,
/// of which there are as many as the prefetch allows. What is published has a bounded buffer of its own
/// (``OutgoingMessages``).
final class BusConnection: Sendable {
    struct Inbox {
        var commands: [ConnectionCommand] = []
        var isStopping = false
        var isStopped = false
        var socket: AMQPSocket?
    }

    let role: RabbitMQConnectionRole
    let wakeUp = WakeUp()
    private let inbox = Mutex(Inbox())
    private let stopped = Answer<Void>()

    /// Starts the thread, which connects and stays connected until ``stop(within:)``.
    init(
        _ role: RabbitMQConnectionRole, _ configuration: RabbitMQConfiguration, _ topology: DeclaredTopology,
        outgoing: OutgoingMessages?, report: @escaping @Sendable (RabbitMQConnectionState) -> Void
    ) {
        self.role = role
        let thread = Thread { [self] in
            let loop = ConnectionLoop(self, configuration, topology, outgoing: outgoing, report: report)
            // What it calls back refers to it weakly, and an optimised build keeps it no longer than it is used.
            withExtendedLifetime(loop) { loop.run() }
            finish()
        }
        thread.name = "amqp-\(role.rawValue)"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Hands a command to the thread. Once that has stopped, the command fails at once.
    func post(_ command: ConnectionCommand) {
        let isFirst: Bool? = inbox.withLock { inbox in
            guard !inbox.isStopping else { return nil }
            inbox.commands.append(command)
            return inbox.commands.count == 1
        }
        // The thread takes all commands at once: behind the first one it is on its way already.
        switch isFirst {
        case nil: command.fail(.shutDown)
        case true?: wakeUp.signal()
        case false?: break
        }
    }

    /// Does something with the present connection, or nothing if that is gone.
    func post(_ run: @escaping @Sendable (Session) -> Void) {
        post(ConnectionCommand(deadline: nil, run: run, fail: { _ in }))
    }

    /// Does something that has an answer, as soon as the connection stands, and again while what it is about is not
    /// there yet after a restart of the broker.
    /// - Parameter failed: called when it could not be begun, also if nobody waits any longer.
    func perform<Value: Sendable>(
        within timeout: Duration, failed: @escaping @Sendable () -> Void = {},
        _ run: @escaping @Sendable (Session, Answer<Result<Value, ChannelEndError>>) -> Void
    ) async throws -> Result<Value, ChannelEndError> {
        let deadline = ContinuousClock.now + timeout
        while true {
            let answer = Answer<Result<Value, ChannelEndError>>()
            post(
                ConnectionCommand(deadline: deadline) { session in
                    run(session, answer)
                } fail: { error in
                    failed()
                    answer.settle(.failure(error))
                })
            let result = try await answer.value()
            guard case .failure(let failure) = result, failure.end.isRecovering, ContinuousClock.now < deadline else {
                return result
            }
            try await Task.sleep(for: Self.recoveryPause)
        }
    }

    private static let recoveryPause = Duration.milliseconds(50)

    func requestStop() {
        inbox.withLock { $0.isStopping = true }
        wakeUp.signal()
    }

    /// Waits until the connection is closed. When the time is over, it is cut off.
    func stop(within timeout: Duration) async {
        requestStop()
        let watchdog = Task { [self] in
            try await Task.sleep(for: timeout)
            abort()
            // A thread that still resolves a name or connects ends by itself, with nothing left to lose.
            stopped.settle(.success(()))
        }
        _ = try? await stopped.valueDespiteCancellation()
        watchdog.cancel()
    }

    private func abort() {
        inbox.withLock { $0.socket }?.abort()
    }

    // MARK: For the thread

    var isStopping: Bool { inbox.withLock { $0.isStopping } }

    func takeCommands() -> [ConnectionCommand] {
        inbox.withLock { inbox in
            guard !inbox.commands.isEmpty else { return [] }
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    /// There is no connection: gives up what is meant for the last one, and what has waited long enough.
    func failCommands(_ error: RabbitMQConnectionError?, all: Bool = false) {
        let now = ContinuousClock.now
        let failing = inbox.withLock { inbox in
            let failing = inbox.commands.filter { all || $0.deadline.map { $0 <= now } ?? true }
            inbox.commands.removeAll { all || $0.deadline.map { $0 <= now } ?? true }
            return failing
        }
        let reason = error?.description ?? "no connection yet"
        for command in failing { command.fail(all ? .shutDown : .disconnected(reason)) }
    }

    func setSocket(_ socket: AMQPSocket?) {
        inbox.withLock { $0.socket = socket }
    }

    private func finish() {
        inbox.withLock { $0.isStopping = true }
        failCommands(nil, all: true)
        stopped.settle(.success(()))
    }
}
