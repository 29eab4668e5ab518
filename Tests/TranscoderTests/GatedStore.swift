import NIOCore
import SegmentStore
import Synchronization

/// A store that refuses some keys while it is told to.
final class GatedStore: PassingStore {
    private struct State {
        var refuses: @Sendable (String) -> Bool = { _ in false }
        var writes = 0
        var indexWrites = 0
    }

    let store: any SegmentStore

    init(_ store: any SegmentStore = MemoryStore()) { self.store = store }

    private let state = Mutex(State())

    func close(_ refuses: @escaping @Sendable (String) -> Bool) { state.withLock { $0.refuses = refuses } }

    func open() { close { _ in false } }

    var writes: Int { state.withLock { $0.writes } }

    var indexWrites: Int { state.withLock { $0.indexWrites } }

    func put(_ bytes: ByteBuffer, at key: String) async throws {
        let isRefused = state.withLock { state in
            state.writes += 1
            state.indexWrites += key.hasSuffix("/index.json") ? 1 : 0
            return state.refuses(key)
        }
        if isRefused { throw SegmentStoreError.full(operation: "write", key: key, reason: "no space left") }
        try await store.put(bytes, at: key)
    }
}
