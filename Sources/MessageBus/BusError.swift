/// Why the bus refused.
public enum BusError: Error, Hashable, Sendable {
    /// The queue was never declared, has expired or was deleted. Declare it, then try again.
    case noSuchQueue(String)
    /// The log was never declared or was deleted.
    case noSuchLog(String)
    /// The log is another one than that whose entry was to be gone on behind. Read it from its start.
    case otherLog(String)
    /// The queue of this name, or the outgoing buffer to it, has no room. Try again when consumers have caught up.
    case full(String)
    /// The name is in use with other options, or for something of another kind. Delete that first, or agree with it.
    case declaredDifferently(String)
    /// The name belongs to an exclusive subscription, of this or another client. Take another name.
    case exclusive(String)
    /// Not the name of a queue, log or subscriber, or not a topic. See ``MessageBus`` for what is.
    case invalidName(String)
    /// A value that no broker takes, named here: a prefetch outside 1 to 65 535, a limit or time that is not positive.
    case invalidOption(String)
    /// The connection to the broker is lost. Consumers and readers have ended; open new ones.
    case disconnected(String)
    /// This client was shut down.
    case shutDown
}

extension BusError {
    /// Whether the same call may succeed later.
    public var isTransient: Bool {
        switch self {
        case .disconnected, .full: true
        default: false
        }
    }

    /// Whether the broker cannot be reached: whoever watches the connection tells of that, once for all who try.
    public var isOutage: Bool {
        if case .disconnected = self { true } else { false }
    }
}

extension BusError {
    /// Whether it may work when all is declared and consumed anew, in a moment: also where a queue was deleted, or where
    /// the broker keeps an exclusive one for a connection of ours of which it does not know yet that it is lost.
    public var passesWhenDeclaredAnew: Bool {
        switch self {
        case .noSuchQueue, .noSuchLog, .exclusive: true
        default: isTransient
        }
    }
}

extension BusError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noSuchQueue(let name): "There is no queue “\(name)”: declare it first."
        case .noSuchLog(let name): "There is no log “\(name)”: declare it first."
        case .otherLog(let name): "The log “\(name)” was made anew: read it from its start."
        case .full(let name): "“\(name)” is full: its consumers are too slow or gone."
        case .declaredDifferently(let name): "“\(name)” exists with other options: delete it first."
        case .exclusive(let name): "“\(name)” belongs to an exclusive subscription."
        case .invalidName(let name): "“\(name)” is no valid name or topic."
        case .invalidOption(let option): "The value of \(option) is out of range."
        case .disconnected(let reason): "The connection to the broker is lost: \(reason)"
        case .shutDown: "The message bus was shut down."
        }
    }
}
