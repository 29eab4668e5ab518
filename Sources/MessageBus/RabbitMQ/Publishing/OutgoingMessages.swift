import NIOCore
import Synchronization

/// ``OutgoingState`` between threads: callers add, the thread of the publishing connection submits and settles.
///
/// Nothing here waits, so that event loops may add.
final class OutgoingMessages: Sendable {
    private let state: Mutex<OutgoingState>
    private let window: Int

    init(_ configuration: RabbitMQConfiguration) {
        window = configuration.confirmWindow
        state = Mutex(
            OutgoingState(
                maximumMessages: configuration.maximumOutgoingMessages,
                maximumBytes: configuration.maximumOutgoingBytes))
    }

    /// - Returns: whether the thread has to be told: it looks by itself as long as something waits.
    func add(_ message: OutgoingMessage, isBounded: Bool = true) throws(BusError) -> Bool {
        try state.withLock { state throws(BusError) in
            let isFirst = !state.hasWaiting
            try state.add(message, isBounded: isBounded)
            return isFirst
        }
    }

    func forgetRefusal(of target: OutgoingMessage.Target) {
        state.withLock { $0.forgetRefusal(of: target) }
    }

    /// Gives everything up; nothing is taken until ``open()``.
    func failAll(_ error: BusError) {
        let messages = state.withLock { $0.close(error) }
        for message in messages { message.settle(error) }
    }

    func open() {
        state.withLock { $0.open() }
    }

    // MARK: For the thread of the connection

    var isEmpty: Bool { state.withLock { $0.isEmpty } }
    var canSubmit: Bool { state.withLock { $0.hasWaiting && $0.submittedCount < window } }

    func submit() -> (number: UInt64, message: OutgoingMessage)? {
        state.withLock { $0.submit(window: window) }
    }

    func markReturned(_ number: UInt64) {
        state.withLock { $0.markReturned(number) }
    }

    /// - Returns: what the broker gave back, and nobody was told of yet.
    func confirm(_ number: UInt64, multiple: Bool, accepted: Bool) -> [OutgoingMessage] {
        let settled = state.withLock { $0.confirm(number, multiple: multiple, accepted: accepted) }
        var returned: [OutgoingMessage] = []
        for (message, refusal) in settled {
            if refusal == message.target.missing { returned.append(message) } else { message.settle(refusal) }
        }
        return returned
    }

    /// The logs to which this client appends, and which need not be there yet when the broker is.
    var logs: [String] { state.withLock { $0.logs } }

    func connectionLost() {
        state.withLock { $0.connectionLost() }
    }

    func reconnected() {
        state.withLock { $0.reconnected() }
    }

    var losses: UInt64 { state.withLock { $0.losses } }
}

extension OutgoingMessage {
    func settle(_ refusal: BusError?) {
        switch concern {
        case .nextSend, .nextSendOfKeeper: break
        case .answer(let answer): answer.settle(refusal.map { .failure($0) } ?? .success(()))
        case .outcome(let tell): tell(refusal)
        }
    }
}
