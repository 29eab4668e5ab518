/// What stands as long as one connection does: its channels. Lives on the thread of the connection.
final class Session {
    private let link: AMQPLink
    let role: RabbitMQConnectionRole
    private var channels: [UInt16: SessionChannel] = [:]
    private var lastNumber: UInt16 = 0
    /// Consumers and readers, by a number that is never given twice: their owners live on other threads.
    private var owned: [UInt64: SessionChannel] = [:]
    private(set) var failure: RabbitMQConnectionError?
    private(set) var blockedReason: String?
    /// On the connection for publishing.
    var publishChannel: PublishChannel?
    /// Made anew when the broker closes it.
    private var controlChannel: SessionChannel?
    private var operations = OperationQueue()
    /// Whether what this client declared is there again, so that the rest may go on.
    var isReady = false

    init(_ link: AMQPLink, role: RabbitMQConnectionRole) {
        self.link = link
        self.role = role
    }

    var endpoint: String { link.endpoint }
    var hasChannels: Bool { !channels.isEmpty }

    /// Gives the connection up if the broker leaves a request without an answer: its heartbeats only say that it lives.
    func check(patience: Duration) {
        guard blockedReason == nil else { return }
        let limit = ContinuousClock.now - patience
        if channels.values.contains(where: { $0.waitingSince.map { $0 < limit } ?? false }) {
            fail(.lost(endpoint: endpoint, reason: "a request was not answered within \(patience)"))
        }
    }

    // MARK: Channels

    /// Opens a channel of a free number; `nil` if all are in use.
    func open<Channel: SessionChannel>(_ make: (Session, UInt16) -> Channel) -> Channel? {
        guard channels.count < Int(link.maximumChannels) else { return nil }
        repeat {
            lastNumber = lastNumber >= link.maximumChannels ? 1 : lastNumber + 1
        } while channels[lastNumber] != nil
        let channel = make(self, lastNumber)
        channels[lastNumber] = channel
        channel.request(.openChannel)
        return channel
    }

    func own(_ channel: SessionChannel, as owner: UInt64) {
        owned[owner] = channel
    }

    func channel<Channel: SessionChannel>(of owner: UInt64, as type: Channel.Type) -> Channel? {
        owned[owner] as? Channel
    }

    func disown(_ owner: UInt64) {
        owned[owner] = nil
    }

    /// Closes a channel in order; whatever was requested of it before is answered first.
    func close(_ channel: SessionChannel, _ completion: @escaping () -> Void = {}) {
        channel.afterEnd(completion)
        guard channel.isOpen, !channel.isClosing else { return }
        channel.request(.closeChannel) { [weak self] _ in
            if let self, channels[channel.number] === channel { channels[channel.number] = nil }
            channel.end(.closed)
        }
    }

    func closeAllChannels() {
        for channel in channels.values { close(channel) }
    }

    // MARK: Sending

    func send(_ request: AMQPRequest, on channel: UInt16) {
        attempt { link throws(RabbitMQConnectionError) in try link.send(request, on: channel) }
    }

    func attempt(_ action: (AMQPLink) throws(RabbitMQConnectionError) -> Void) {
        guard failure == nil else { return }
        do throws(RabbitMQConnectionError) { try action(link) } catch { failure = error }
    }

    func fail(_ error: RabbitMQConnectionError) {
        failure = failure ?? error
    }

    // MARK: Receiving

    /// Reads what has come, at most so many events.
    /// - Returns: whether there may be more.
    func receive(atMost limit: Int) -> Bool {
        for _ in 0..<limit {
            var event: AMQPEvent?
            attempt { link throws(RabbitMQConnectionError) in event = try link.receive() }
            guard let event else { return false }
            handle(event)
        }
        return failure == nil
    }

    private func handle(_ event: AMQPEvent) {
        switch event {
        case .reply(let channel, let reply): channels[channel]?.replied(reply)
        case .delivery(let channel, let delivery): channels[channel]?.delivered(delivery)
        case .cancelled(let channel): channels[channel]?.cancelled()
        case .confirmed(let channel, let number, let multiple, let accepted):
            channels[channel]?.confirmed(number, multiple: multiple, accepted: accepted)
        case .returned(let channel, let correlation): channels[channel]?.returned(correlation)
        case .closed(let number, let reason):
            send(.closeChannelOK, on: number)
            channels.removeValue(forKey: number)?.end(.refused(reason))
        case .blocked(let reason): blockedReason = reason
        case .unblocked: blockedReason = nil
        }
    }

    /// The connection is gone.
    /// - Parameter end: what the channels are told: it may have been this side's doing.
    func end(_ error: RabbitMQConnectionError, as end: ChannelEnd) {
        failure = failure ?? error
        let ending = channels.values
        channels = [:]
        owned = [:]
        for channel in ending { channel.end(end) }
        for completion in operations.removeAll() { completion(.failure(ChannelEndError(end: end))) }
    }

    // MARK: Operations

    /// Runs requests that belong together, one operation after the other: a refusal closes the channel, and so harms
    /// no other operation.
    func perform(_ requests: [AMQPRequest], _ completion: @escaping SessionChannel.Completion) {
        operations.add(requests, completion)
        startNextOperation()
    }

    private func startNextOperation() {
        guard let next = operations.begin() else { return }
        if controlChannel?.isOpen != true { controlChannel = open { SessionChannel($0, number: $1) } }
        guard let controlChannel else {
            operations.finish()?(.failure(ChannelEndError(end: .refused(.noChannel))))
            return startNextOperation()
        }
        controlChannel.request(all: next) { [weak self] result in
            self?.operations.finish()?(result)
            self?.startNextOperation()
        }
    }
}

extension AMQPCloseReason {
    /// All channels of the connection are in use.
    static let noChannel = AMQPCloseReason(code: 504, text: "the connection has no channel left")
}
