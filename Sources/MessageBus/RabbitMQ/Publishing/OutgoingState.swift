import NIOCore

/// Everything between the callers that publish and the broker: what waits, what is submitted, what was refused.
///
/// A message stays here until it is confirmed. When the connection is lost, what was submitted goes back in front of
/// what waits, so that the order stays; the broker may get it twice.
struct OutgoingState {
    /// Refusals of `send` that nobody was told of, by target. More targets than this, and some are forgotten.
    private static let maximumRefusals = 4096

    let maximumMessages: Int
    let maximumBytes: Int
    private var waiting = CircularBuffer<OutgoingMessage>()
    private var submitted = ConfirmWindow<OutgoingMessage>()
    /// How often the connection was made anew.
    private(set) var losses: UInt64 = 0
    private var bytes = 0
    private var refusals: [OutgoingMessage.Target: BusError] = [:]
    /// Logs that have confirmed something: the present streams, of which a client has so many at most.
    private var confirmedLogs: Set<String> = []
    private static let maximumLogs = 4096
    /// Why nothing is taken at present.
    private var obstacle: BusError?

    init(maximumMessages: Int, maximumBytes: Int) {
        self.maximumMessages = maximumMessages
        self.maximumBytes = maximumBytes
    }

    var isEmpty: Bool { waiting.isEmpty && submitted.isEmpty }
    var hasWaiting: Bool { !waiting.isEmpty }
    var submittedCount: Int { submitted.count }

    /// Takes a message.
    /// - Parameter isBounded: not for what readers depend on, of which there is one a reader.
    mutating func add(_ message: OutgoingMessage, isBounded: Bool = true) throws(BusError) {
        if let obstacle { throw obstacle }
        if message.concern.isNextSend, let refusal = refusals.removeValue(forKey: message.target) { throw refusal }
        if isBounded {
            guard waiting.count + submitted.count < maximumMessages,
                message.body.readableBytes <= maximumBytes - bytes
            else { throw .full(message.target.name) }
        }
        bytes += message.body.readableBytes
        waiting.append(message)
    }

    /// What is to be submitted next, unless as many are on their way already.
    mutating func submit(window: Int) -> (number: UInt64, message: OutgoingMessage)? {
        guard submitted.count < window, let message = waiting.popFirst() else { return nil }
        return (submitted.append(message), message)
    }

    mutating func markReturned(_ number: UInt64) {
        submitted.markReturned(number)
    }

    /// The broker has settled messages.
    /// - Returns: each with why it was not taken.
    mutating func confirm(
        _ number: UInt64, multiple: Bool, accepted: Bool
    ) -> [(message: OutgoingMessage, refusal: BusError?)] {
        submitted.settle(number, multiple: multiple).map { message, isReturned in
            bytes -= message.body.readableBytes
            let refusal: BusError? =
                isReturned ? message.target.missing : accepted ? nil : .full(message.target.name)
            if let refusal { note(refusal, of: message) }
            if case .log(let name) = message.target { remember(name, isThere: refusal == nil) }
            return (message, refusal)
        }
    }

    /// The channel is gone: everything is to be submitted again.
    mutating func connectionLost() {
        for message in submitted.removeAll().reversed() { waiting.prepend(message) }
    }

    /// There is a connection again, and nothing was published on it yet. What senders keep is theirs to send again: some
    /// of it before the older rest would be the wrong order.
    mutating func reconnected() {
        losses += 1
        var rest = CircularBuffer<OutgoingMessage>()
        for message in waiting {
            if case .nextSendOfKeeper = message.concern {
                bytes -= message.body.readableBytes
            } else {
                rest.append(message)
            }
        }
        waiting = rest
    }

    /// A queue was declared: what was wrong with it is no longer.
    mutating func forgetRefusal(of target: OutgoingMessage.Target) {
        refusals[target] = nil
    }

    /// Gives everything up, and takes nothing until ``open()``.
    mutating func close(_ error: BusError) -> [OutgoingMessage] {
        connectionLost()
        obstacle = error
        defer {
            waiting = []
            bytes = 0
        }
        for message in waiting { note(error, of: message) }
        return Array(waiting)
    }

    mutating func open() {
        if obstacle != .shutDown { obstacle = nil }
    }

    var logs: [String] { Array(confirmedLogs) }

    private mutating func remember(_ log: String, isThere: Bool) {
        if !isThere {
            confirmedLogs.remove(log)
        } else if confirmedLogs.count < Self.maximumLogs {
            confirmedLogs.insert(log)
        }
    }

    private mutating func note(_ refusal: BusError, of message: OutgoingMessage) {
        guard message.concern.isNextSend else { return }
        if refusals.count >= Self.maximumRefusals, let other = refusals.keys.first { refusals[other] = nil }
        refusals[message.target] = refusal
    }
}

extension OutgoingMessage.Concern {
    fileprivate var isNextSend: Bool {
        switch self {
        case .nextSend, .nextSendOfKeeper: true
        case .answer, .outcome: false
        }
    }
}
