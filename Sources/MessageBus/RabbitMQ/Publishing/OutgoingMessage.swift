import NIOCore

/// A message on its way to the broker, until that has confirmed it.
struct OutgoingMessage: Sendable {
    /// Where it goes, for errors.
    enum Target: Hashable, Sendable {
        case queue(String)
        case log(String)
        case topic(String)

        var name: String {
            switch self {
            case .queue(let name), .log(let name), .topic(let name): name
            }
        }

        /// Nothing by this name took the message.
        var missing: BusError {
            switch self {
            case .queue(let name), .topic(let name): .noSuchQueue(name)
            case .log(let name): .noSuchLog(name)
            }
        }
    }

    /// Who wants to know what became of it.
    enum Concern: Sendable {
        /// The next `send` to the same target, if the broker refuses it.
        case nextSend
        /// The same; after a loss the sender brings it again itself.
        case nextSendOfKeeper
        case answer(Answer<Void>)
        /// Something else that depends on it, on the thread of the connection; without an error the broker has it.
        case outcome(@Sendable (BusError?) -> Void)
    }

    let target: Target
    let properties: AMQPProperties
    let body: ByteBuffer
    let concern: Concern

    var exchange: String {
        if case .topic = target { DeclaredTopology.exchange } else { "" }
    }

    /// Whether the broker has to give it back when nothing takes it, instead of confirming what it dropped. An event
    /// without subscribers is no error.
    var mandatory: Bool {
        if case .topic = target { false } else { true }
    }
}
