public import NIOCore

/// Where finished segments are kept: immutable objects under keys such as `STREAM/aac-128/1-42.m4s`.
///
/// Everything may be called by several tasks and processes at once; what is written under one key by two of them is
/// one of both, whole.
public protocol SegmentStore: Sendable {
    /// Writes an object, whole or not at all. Writing the same key again replaces it.
    func put(_ bytes: ByteBuffer, at key: String) async throws
    /// Reads an object; nil when there is none.
    /// - Throws: ``SegmentStoreError/damaged(key:reason:)`` and others.
    func get(_ key: String) async throws -> ByteBuffer?
    /// Removes every object whose key begins with `prefix` and a slash. Nothing there is no error.
    func remove(under prefix: String) async throws
    /// Removes these objects. One that is not there is no error.
    func remove(_ keys: [String]) async throws
    /// Gives whatever is under the key a name that says that it was damaged, so that the key is free.
    /// - Returns: the key that it has now.
    @discardableResult
    func setAside(_ key: String) async throws -> String
    /// First components of all keys, sorted: the streams of which something is stored.
    func streams() async throws -> [String]
    /// Objects whose key begins with `prefix` and a slash, sorted by key.
    /// - Parameters:
    ///   - key: only what is sorted behind it is listed.
    ///   - limit: how many at most, 1 to 1000; fewer mean that there are no more.
    func objects(under prefix: String, after key: String?, limit: Int) async throws -> [StoredObject]
    /// How full the disk is; nil where the store has no end that is known.
    func disk() async throws -> StoreDisk?
}

extension SegmentStore {
    @discardableResult
    public func setAside(_ key: String) async throws -> String {
        let other = SegmentKey.setAside(key)
        if let bytes = try await get(key) { try await put(bytes, at: other) }
        try await remove([key])
        return other
    }
}

/// An object as the store lists it.
public struct StoredObject: Sendable, Hashable {
    public var key: String
    public var byteCount: Int64
    /// Seconds since 1970.
    public var modifiedAt: Int64

    public init(key: String, byteCount: Int64, modifiedAt: Int64) {
        self.key = key
        self.byteCount = byteCount
        self.modifiedAt = modifiedAt
    }
}

/// The disk below a store.
public struct StoreDisk: Sendable, Hashable {
    /// Bytes that ordinary users may have in all: those used, and those available.
    public var capacityBytes: Int64
    public var availableBytes: Int64

    public init(capacityBytes: Int64, availableBytes: Int64) {
        self.capacityBytes = capacityBytes
        self.availableBytes = availableBytes
    }

    /// From 0 to 1.
    public var usedRatio: Double {
        capacityBytes > 0 ? 1 - Double(availableBytes) / Double(capacityBytes) : 0
    }
}
