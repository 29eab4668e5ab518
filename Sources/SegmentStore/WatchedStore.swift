public import NIOCore

/// A store that tells what became of each write, and of what else streams want of it and do not get.
public struct WatchedStore: SegmentStore {
    private let store: any SegmentStore
    private let told: @Sendable ((any Error)?) -> Void

    /// - Parameter told: of nil after a write that succeeded, and of errors of the store itself.
    public init(_ store: any SegmentStore, told: @escaping @Sendable ((any Error)?) -> Void) {
        self.store = store
        self.told = told
    }

    public func put(_ bytes: ByteBuffer, at key: String) async throws {
        try await telling { try await store.put(bytes, at: key) }
        told(nil)
    }

    public func get(_ key: String) async throws -> ByteBuffer? {
        try await telling { try await store.get(key) }
    }

    private func telling<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch {
            let isOutage = (error as? SegmentStoreError)?.isOutage ?? !(error is CancellationError)
            if isOutage, !Task.isCancelled { told(error) }
            throw error
        }
    }

    public func remove(under prefix: String) async throws { try await store.remove(under: prefix) }
    public func remove(_ keys: [String]) async throws { try await telling { try await store.remove(keys) } }
    public func setAside(_ key: String) async throws -> String { try await telling { try await store.setAside(key) } }
    public func streams() async throws -> [String] { try await store.streams() }
    public func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject] {
        try await store.objects(under: prefix, after: key, limit: limit)
    }
    public func disk() async throws -> StoreDisk? { try await store.disk() }
}
