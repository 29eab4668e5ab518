import NIOCore
import SegmentStore
import Synchronization

/// A store that fails as often as it is told.
final class MemoryStore: SegmentStore {
    private struct State {
        var objects: [String: ByteBuffer] = [:]
        var order: [String] = []
        /// Seconds since 1970; what is not here is of 1970.
        var dates: [String: Int64] = [:]
        var failuresLeft: Int
    }

    private struct Outage: Error {}

    private let state: Mutex<State>

    init(failures: Int = 0) { state = Mutex(State(failuresLeft: failures)) }

    func put(_ bytes: ByteBuffer, at key: String) async throws {
        try state.withLock { state in
            guard state.failuresLeft == 0 else {
                state.failuresLeft -= 1
                // As the file store says it, and as anything else may.
                if state.failuresLeft % 2 == 0 { throw Outage() }
                throw SegmentStoreError.failed(operation: "write", key: key, reason: "no space left")
            }
            state.objects[key] = bytes
            state.order.append(key)
        }
    }

    func get(_ key: String) async throws -> ByteBuffer? { state.withLock { $0.objects[key] } }

    func remove(under prefix: String) async throws {
        state.withLock { state in
            for key in state.objects.keys where key.hasPrefix(prefix + "/") { state.objects[key] = nil }
        }
    }

    func remove(_ keys: [String]) async throws {
        state.withLock { state in
            for key in keys { state.objects[key] = nil }
        }
    }

    func streams() async throws -> [String] {
        Set(objects.keys.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }

    func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] {
        let (objects, dates) = state.withLock { ($0.objects, $0.dates) }
        let found = objects.filter { object in object.key.hasPrefix(prefix + "/") && key.map { object.key > $0 } ?? true
        }
        return found.sorted { $0.key < $1.key }.prefix(limit).map {
            StoredObject(key: $0.key, byteCount: Int64($0.value.readableBytes), modifiedAt: dates[$0.key] ?? 0)
        }
    }

    /// - Parameter seconds: since 1970.
    func setDate(_ seconds: Int64, of key: String) { state.withLock { $0.dates[key] = seconds } }

    func disk() async throws -> StoreDisk? { nil }

    var objects: [String: ByteBuffer] { state.withLock { $0.objects } }

    /// Keys in the order in which they were written.
    var order: [String] { state.withLock { $0.order } }
}
