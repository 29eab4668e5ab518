import Foundation
import Synchronization

/// A connection of its own that waits for notifications, on a thread of its own, from the first time that one is asked
/// for. While it has no connection nothing is told, and everything is once it has one again.
final class NotificationListener: Sendable {
    private struct State {
        var subscribers: [Int: (channel: String, continuation: AsyncStream<Void>.Continuation)] = [:]
        var nextSubscriber = 0
        var isRunning = false
        var isStopped = false
    }

    /// How long nothing may come before the connection is tried.
    private static let testInterval = Duration.seconds(15)
    private static let answerLimit = Duration.seconds(5)
    private static let longestPause = Duration.seconds(5)

    private let state = Mutex(State())
    private let address: ServerAddress
    private let interrupter: Interrupter
    private let interrupt: Interrupt

    init(_ address: ServerAddress) throws(SQLError) {
        self.address = address
        interrupter = try Interrupter()
        interrupt = Interrupt(interrupter)
    }

    /// Tells at least once of each time that the channel was notified; several may be told of at once.
    func notifications(_ channel: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (number, isFirst) = state.withLock { state -> (Int?, Bool) in
            guard !state.isStopped else { return (nil, false) }
            state.nextSubscriber += 1
            state.subscribers[state.nextSubscriber] = (channel, continuation)
            defer { state.isRunning = true }
            return (state.nextSubscriber, !state.isRunning)
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.forget(number) }
        if isFirst { start() } else { interrupter.wake() }
        return stream
    }

    /// Ends every stream and, soon after, the thread.
    func stop() {
        let subscribers = state.withLock { state in
            state.isStopped = true
            return state.subscribers.values.map(\.continuation)
        }
        for subscriber in subscribers { subscriber.finish() }
        interrupt.request()
    }

    private func forget(_ number: Int) {
        _ = state.withLock { $0.subscribers.removeValue(forKey: number) }
    }

    private var channels: Set<String> { state.withLock { Set($0.subscribers.values.map(\.channel)) } }
    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func tell(_ channels: Set<String>) {
        let told = state.withLock { $0.subscribers.values.filter { channels.contains($0.channel) } }
        for subscriber in told { subscriber.continuation.yield() }
    }

    // MARK: The thread

    private func start() {
        let thread = Thread { [self] in
            var pause = Duration.milliseconds(100)
            while !isStopped {
                do throws(PostgreSQLFailure) {
                    try listen { pause = .milliseconds(100) }
                } catch {
                    // Callers poll besides, and meet the failure themselves.
                    guard !isStopped else { return }
                    interrupter.wait(for: pause)
                    pause = min(pause * 2, Self.longestPause)
                }
            }
        }
        thread.name = "sql-listen"
        thread.stackSize = 1 << 20
        thread.start()
    }

    private func listen(onceConnected: () -> Void) throws(PostgreSQLFailure) {
        let server = try ServerConnection(
            address, interrupter: interrupter, interrupt: interrupt, answerLimit: Self.answerLimit)
        var heard: Set<String> = []
        var isFresh = true
        while !isStopped {
            let wanted = channels
            for channel in wanted.subtracting(heard) { try server.run("LISTEN \(SQLName.quoted(channel))") }
            // What was notified before is known to nobody.
            tell(isFresh ? wanted : wanted.subtracting(heard))
            if isFresh { onceConnected() }
            isFresh = false
            heard.formUnion(wanted)
            let started = ContinuousClock.now
            let notified = try server.notifications(waitingFor: Self.testInterval)
            tell(Set(notified))
            if notified.isEmpty, started.duration(to: .now) >= Self.testInterval { try server.run("SELECT 1") }
        }
    }
}
