import NIOCore

/// One channel of a session. Lives on the thread of the connection.
///
/// Requests are answered in their order, so that several may be on their way. A refusal closes the channel: it belongs
/// to the oldest unanswered request, and the later ones were not looked at.
class SessionChannel {
    typealias Completion = (Result<AMQPReply, ChannelEndError>) -> Void

    let number: UInt16
    unowned let session: Session
    private var completions = CircularBuffer<Completion>()
    private(set) var isOpen = true
    /// The farewell is sent. What still comes is not answered: an acknowledgement that reaches the broker behind it is one
    /// on a channel that is not open, which ends the whole connection.
    private(set) var isClosing = false
    private var whenEnded: [() -> Void] = []
    /// Since when the oldest unanswered request waits, or its predecessor was answered.
    private(set) var waitingSince: ContinuousClock.Instant?

    init(_ session: Session, number: UInt16) {
        self.session = session
        self.number = number
    }

    func request(_ request: AMQPRequest, _ completion: @escaping Completion = { _ in }) {
        guard isOpen, !isClosing else { return completion(.failure(ChannelEndError(end: .closed))) }
        if case .closeChannel = request { isClosing = true }
        if request.hasReply {
            if completions.isEmpty { waitingSince = .now }
            completions.append(completion)
        }
        session.send(request, on: number)
    }

    /// Several requests as one: succeeds with the last reply, or fails with the first refusal.
    func request(all requests: [AMQPRequest], _ completion: @escaping Completion) {
        guard let last = requests.last else { return completion(.success(.done)) }
        var isDecided = false
        for other in requests.dropLast() {
            request(other) { result in
                if case .failure = result, !isDecided {
                    isDecided = true
                    completion(result)
                }
            }
        }
        request(last) { result in
            if !isDecided { completion(result) }
        }
    }

    func replied(_ reply: AMQPReply) {
        let completion = completions.popFirst()
        waitingSince = completions.isEmpty ? nil : .now
        completion?(.success(reply))
    }

    func end(_ end: ChannelEnd) {
        guard isOpen else { return }
        isOpen = false
        waitingSince = nil
        let waiting = completions
        completions = []
        for completion in waiting { completion(.failure(ChannelEndError(end: end))) }
        ended(end)
        let waitingForEnd = whenEnded
        whenEnded = []
        for completion in waitingForEnd { completion() }
    }

    /// Calls when the channel has ended; at once if it has.
    func afterEnd(_ completion: @escaping () -> Void) {
        if isOpen { whenEnded.append(completion) } else { completion() }
    }

    // MARK: For those who inherit

    func delivered(_ delivery: AMQPDelivery) {}
    func cancelled() {}
    func confirmed(_ number: UInt64, multiple: Bool, accepted: Bool) {}
    func returned(_ correlation: UInt64?) {}
    func ended(_ end: ChannelEnd) {}
}
