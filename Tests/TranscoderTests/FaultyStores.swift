import NIOCore
import SegmentStore
import Synchronization

/// Another way to the same store, on which a write of some name stands still.
final class FrozenStore: PassingStore {
    let store: any SegmentStore
    private let suffix: String
    private let state = Mutex((isFrozen: false, isThawed: false))

    init(_ store: any SegmentStore, at suffix: String) {
        self.store = store
        self.suffix = suffix
    }

    var isFrozen: Bool { state.withLock { $0.isFrozen } }

    func thaw() { state.withLock { $0.isThawed = true } }

    func put(_ bytes: ByteBuffer, at key: String) async throws {
        if key.hasSuffix(suffix) {
            state.withLock { $0.isFrozen = true }
            while !state.withLock({ $0.isThawed }) { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await store.put(bytes, at: key)
    }
}

/// Lets so many changes through and no more, as for a process that dies.
final class FusedStore: PassingStore {
    let store: any SegmentStore
    private let left: Mutex<Int>

    init(_ store: any SegmentStore, changes: Int) {
        self.store = store
        left = Mutex(changes)
    }

    private func change(_ key: String) throws {
        try left.withLock { left in
            left -= 1
            if left < 0 { throw SegmentStoreError.failed(operation: "change", key: key, reason: "dead") }
        }
    }

    func put(_ bytes: ByteBuffer, at key: String) async throws {
        try change(key)
        try await store.put(bytes, at: key)
    }

    func remove(under prefix: String) async throws {
        try change(prefix)
        try await store.remove(under: prefix)
    }
}

/// A store on a disk of 1000 bytes.
final class DiskStore: PassingStore {
    let store: any SegmentStore
    private let available = Mutex<Int64>(1000)

    init(_ store: any SegmentStore) { self.store = store }

    func setAvailable(_ bytes: Int64) { available.withLock { $0 = bytes } }

    func disk() async throws -> StoreDisk? {
        StoreDisk(capacityBytes: 1000, availableBytes: available.withLock { $0 })
    }
}

/// Does what another store does, but for what it overrides.
protocol PassingStore: SegmentStore {
    var store: any SegmentStore { get }
}

extension PassingStore {
    func put(_ bytes: ByteBuffer, at key: String) async throws { try await store.put(bytes, at: key) }
    func get(_ key: String) async throws -> ByteBuffer? { try await store.get(key) }
    func remove(under prefix: String) async throws { try await store.remove(under: prefix) }
    func remove(_ keys: [String]) async throws { try await store.remove(keys) }
    func streams() async throws -> [String] { try await store.streams() }
    func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] {
        try await store.objects(under: prefix, after: key, limit: limit)
    }
    func disk() async throws -> StoreDisk? { try await store.disk() }
}
