import NIOCore

/// Names a client of the in-process broker.
struct ClientID: Hashable, Sendable {
    let number: UInt64
}

/// All that the in-process broker knows, guarded by its lock. The extensions have its operations.
struct BrokerState: Sendable {
    /// A queue with what it was declared as.
    struct Queue: Sendable {
        enum Declaration: Hashable, Sendable {
            case queue(QueueOptions)
            case subscriber(SubscriptionOptions)
        }

        let declaration: Declaration
        var state: QueueState
        /// When it was last declared or lost its last consumer.
        var lastUsed: Duration

        var isExclusive: Bool {
            if case .subscriber(let options) = declaration { options.exclusive } else { false }
        }

        func hasExpired(now: Duration) -> Bool {
            guard case .queue(let options) = declaration, let expires = options.expires else { return false }
            return state.consumerCount == 0 && lastUsed + expires <= now
        }
    }

    struct Consumer: Sendable {
        let queue: String
        let client: ClientID
        var waiters = Waiters<Delivery>()
        var end: End?
    }

    struct Reader: Sendable {
        let log: String
        let client: ClientID
        var state: ReaderState
        var waiters = Waiters<LogReading>()
        var end: End?
    }

    /// Why a consumer or reader has ended; without an error it was this side's doing.
    struct End: Sendable {
        let error: BusError?
    }

    var clients: Set<ClientID> = []
    var queues: [String: Queue] = [:]
    var logs: [String: LogState] = [:]
    var consumers: [ConsumerID: Consumer] = [:]
    var readers: [ReaderID: Reader] = [:]
    var router = TopicRouter()
    var nextExpirySweep = Duration.zero
    /// Grows in every operation, is emptied after it.
    var wakes: [Wake] = []
    private var lastNumber: UInt64 = 0

    /// A number that was never given before.
    mutating func newNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    mutating func takeWakes() -> [Wake] {
        guard !wakes.isEmpty else { return [] }
        defer { wakes = [] }
        return wakes
    }

    func check(_ client: ClientID) throws(BusError) {
        guard clients.contains(client) else { throw .shutDown }
    }

    // MARK: Clients

    mutating func connect() -> ClientID {
        let client = ClientID(number: newNumber())
        clients.insert(client)
        return client
    }

    mutating func disconnect(_ client: ClientID, now: Duration) {
        guard clients.remove(client) != nil else { return }
        end(consumers.filter { $0.value.client == client && $0.value.end == nil }.map(\.key), now: now)
        for reader in readers.filter({ $0.value.client == client && $0.value.end == nil }).keys { end(reader) }
    }
}
