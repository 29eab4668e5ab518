/// A reader of a log of the in-process broker.
final class InProcessReader: LogReader {
    private let client: InProcessMessageBus
    private let id: ReaderID
    private var broker: InProcessBroker { client.broker }

    init(client: InProcessMessageBus, id: ReaderID) {
        self.client = client
        self.id = id
    }

    deinit {
        broker.perform { state, _ in
            state.end(id)
            state.readers[id] = nil
        }
    }

    nonisolated(nonsending) func next() async throws -> LogReading? {
        let id = id
        return try await broker.next { state in
            state.next(of: id)
        } add: { state, waiter, continuation in
            state.add(waiter, continuation, to: id)
        } remove: { state, waiter in
            state.remove(waiter, from: id)
        }
    }

    func close() async {
        broker.perform { state, _ in state.end(id) }
    }
}
