import NIOCore

/// One queue of the in-process broker: what waits, who consumes, and what each consumer has not settled.
///
/// Dealing follows RabbitMQ: a message is handed to a consumer as soon as its prefetch allows, whether it asks or not.
/// Methods that deal return the consumers that have something to take now.
struct QueueState: Sendable {
    enum Overflow: Sendable {
        case refuse
        case dropOldest
    }

    let singleActiveConsumer: Bool
    let maximumBytes: Int
    let maximumMessages: Int
    let overflow: Overflow
    /// How often a message may be rejected with requeue before it is given up; `nil` for any number.
    let maximumRequeues: Int?
    let messageTimeToLive: Duration?

    /// Sorted by sequence.
    private var ready = CircularBuffer<QueueMessage>()
    private var readyBytes = 0
    private var nextSequence: UInt64 = 0
    private var consumers: [ConsumerID: ConsumerState] = [:]
    /// In order of registration where one is active, otherwise in the order in which it is their turn.
    private var turns = CircularBuffer<ConsumerID>()

    init(
        singleActiveConsumer: Bool, maximumBytes: Int, maximumMessages: Int, overflow: Overflow,
        maximumRequeues: Int?, messageTimeToLive: Duration?
    ) {
        self.singleActiveConsumer = singleActiveConsumer
        self.maximumBytes = maximumBytes
        self.maximumMessages = maximumMessages
        self.overflow = overflow
        self.maximumRequeues = maximumRequeues
        self.messageTimeToLive = messageTimeToLive
    }

    var consumerCount: Int { turns.count }
    var consumerIDs: [ConsumerID] { Array(turns) }

    func waitingCount(of consumer: ConsumerID) -> Int { consumers[consumer]?.waitingCount ?? 0 }

    mutating func readyCount(now: Duration) -> Int {
        dropExpired(now: now)
        return ready.count
    }

    // MARK: Messages come

    /// A message arrives; `nil` if the queue is full and refuses it.
    mutating func publish(_ payload: ByteBuffer, topic: String?, now: Duration) -> [ConsumerID]? {
        dropExpired(now: now)
        if overflow == .refuse {
            guard ready.count < maximumMessages, payload.readableBytes <= maximumBytes - readyBytes else { return nil }
        }
        let message = QueueMessage(
            sequence: nextSequence, payload: payload.compacted(), topic: topic,
            expiry: messageTimeToLive.map { now + $0 })
        nextSequence += 1
        ready.append(message)
        readyBytes += payload.readableBytes
        let dealt = deal(now: now)
        if overflow == .dropOldest {
            while ready.count > maximumMessages || readyBytes > maximumBytes { dropFirst() }
        }
        return dealt
    }

    // MARK: Consumers come and go

    mutating func register(_ consumer: ConsumerID, prefetch: Int, now: Duration) -> [ConsumerID] {
        consumers[consumer] = ConsumerState(prefetch: prefetch)
        turns.append(consumer)
        return deal(now: now)
    }

    /// Consumers are gone, all at once so that none of them gets what another of them gives back.
    mutating func remove(_ gone: Set<ConsumerID>, now: Duration) -> [ConsumerID] {
        var returned: [QueueMessage] = []
        for id in gone {
            guard let consumer = consumers.removeValue(forKey: id) else { continue }
            returned.append(contentsOf: consumer.unsettled.values)
        }
        turns.removeAll { gone.contains($0) }
        requeue(returned)
        return deal(now: now)
    }

    // MARK: Consumers take and settle

    /// The next delivery that a consumer has not taken yet.
    mutating func take(_ consumer: ConsumerID) -> Delivery? {
        consumers[consumer]?.take()
    }

    mutating func acknowledge(_ tag: DeliveryTag, by consumer: ConsumerID, now: Duration) -> [ConsumerID] {
        guard consumers[consumer]?.settle(tag) != nil else { return [] }
        return deal(now: now)
    }

    mutating func acknowledge(
        through tag: DeliveryTag, by consumer: ConsumerID, now: Duration
    ) -> [ConsumerID] {
        consumers[consumer]?.settle(through: tag)
        return deal(now: now)
    }

    /// A consumer gives a message back.
    /// - Returns: the consumers that have something to take, and the message if the queue has given it up.
    mutating func reject(
        _ tag: DeliveryTag, by consumer: ConsumerID, requeue: Bool, now: Duration
    ) -> (dealt: [ConsumerID], givenUp: QueueMessage?) {
        guard var message = consumers[consumer]?.settle(tag) else { return ([], nil) }
        let isGivenUp = !requeue || maximumRequeues.map { message.requeues >= $0 } ?? false
        if !isGivenUp {
            message.requeues += 1
            self.requeue([message])
        }
        return (deal(now: now), isGivenUp ? message : nil)
    }

    // MARK: Dealing

    private mutating func deal(now: Duration) -> [ConsumerID] {
        dropExpired(now: now)
        var dealt: [ConsumerID] = []
        while !ready.isEmpty, let consumer = nextConsumer() {
            let message = ready.removeFirst()
            readyBytes -= message.payload.readableBytes
            consumers[consumer]?.deliver(message)
            if dealt.last != consumer { dealt.append(consumer) }
        }
        return dealt
    }

    /// Whose turn it is, among those whose prefetch allows another message.
    private mutating func nextConsumer() -> ConsumerID? {
        if singleActiveConsumer {
            guard let active = turns.first, consumers[active]?.hasRoom == true else { return nil }
            return active
        }
        for _ in 0..<turns.count {
            let candidate = turns.removeFirst()
            turns.append(candidate)
            if consumers[candidate]?.hasRoom == true { return candidate }
        }
        return nil
    }

    /// Puts messages back to their places. Mostly these are in front of all that waits.
    private mutating func requeue(_ messages: [QueueMessage]) {
        var returned = messages.sorted { $0.sequence < $1.sequence }
        guard let last = returned.last else { return }
        for index in returned.indices {
            returned[index].redelivered = true
            readyBytes += returned[index].payload.readableBytes
        }
        var overtaken: [QueueMessage] = []
        while let first = ready.first, first.sequence < last.sequence { overtaken.append(ready.removeFirst()) }
        while let later = returned.last {
            if let other = overtaken.last, other.sequence > later.sequence {
                ready.prepend(other)
                overtaken.removeLast()
            } else {
                ready.prepend(later)
                returned.removeLast()
            }
        }
        for message in overtaken.reversed() { ready.prepend(message) }
    }

    /// Expiry grows with the sequence, so the expired ones are in front.
    private mutating func dropExpired(now: Duration) {
        guard messageTimeToLive != nil else { return }
        while let expiry = ready.first?.expiry, expiry <= now { dropFirst() }
    }

    private mutating func dropFirst() {
        readyBytes -= ready.removeFirst().payload.readableBytes
    }
}
