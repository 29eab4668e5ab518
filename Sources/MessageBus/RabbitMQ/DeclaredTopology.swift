import Synchronization

/// What this client declared, to be declared again on a new connection: the broker may have lost it or let it expire.
///
/// What turns out to be gone is forgotten, so that a queue that another client deleted does not rise again.
final class DeclaredTopology: Sendable {
    /// The topic exchange of all events.
    static let exchange = "events"

    private struct Entry {
        var queues: [AMQPQueue]
        var topics: Set<String> = []
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// A queue or log, or the queue of a durable subscriber with its dead-letter queue.
    func add(_ name: String, _ queues: [AMQPQueue], topics: [String] = []) {
        entries.withLock { entries in
            let known = entries[name]?.topics ?? []
            entries[name] = Entry(queues: queues, topics: known.union(topics))
        }
    }

    func add(_ topics: [String], to subscriber: String) {
        entries.withLock { $0[subscriber]?.topics.formUnion(topics) }
    }

    func remove(_ topics: [String], from subscriber: String) {
        entries.withLock { $0[subscriber]?.topics.subtract(topics) }
    }

    /// Whether what this client declared by this name is a log; `nil` if it declared nothing.
    func isLog(_ name: String) -> Bool? {
        entries.withLock { $0[name]?.queues.contains { $0.arguments["x-queue-type"] == .text("stream") } }
    }

    func forget(_ name: String) {
        entries.withLock { $0[name] = nil }
    }

    /// The requests that declare everything, in groups that may each be refused.
    func requests() -> [[AMQPRequest]] {
        entries.withLock { entries in
            entries.map { name, entry in
                entry.queues.map { .declareQueue($0) }
                    + entry.topics.map { .bind(queue: name, exchange: Self.exchange, topic: $0) }
            }
        }
    }
}
