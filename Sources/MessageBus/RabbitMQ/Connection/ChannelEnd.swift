/// Why a channel has ended.
enum ChannelEnd: Sendable {
    /// The broker closed it: a request was refused.
    case refused(AMQPCloseReason)
    case lost(RabbitMQConnectionError)
    /// This side closed it.
    case closed

    /// Whether the same request may well succeed in a moment.
    var isRecovering: Bool {
        if case .refused(let reason) = self { reason.isRecovering } else { false }
    }

    /// The end of something that was open.
    var error: BusError? {
        switch self {
        case .refused(let reason): .disconnected(reason.text)
        case .lost(let error): .disconnected(error.description)
        case .closed: nil
        }
    }
}

extension ChannelEnd {
    /// What a caller is told whose request ended the channel.
    /// - Parameter missing: if what it names does not exist.
    func error(missing: BusError, different: BusError? = nil, locked: BusError? = nil) -> BusError {
        switch self {
        case .refused(let reason):
            switch reason.code {
            case _ where reason.isRecovering: .disconnected(reason.text)
            case AMQPCloseReason.notFound: missing
            case AMQPCloseReason.preconditionFailed: different ?? .disconnected(reason.text)
            case AMQPCloseReason.resourceLocked: locked ?? .disconnected(reason.text)
            default: .disconnected(reason.text)
            }
        case .lost, .closed: error ?? .shutDown
        }
    }
}

struct ChannelEndError: Error {
    let end: ChannelEnd
}
