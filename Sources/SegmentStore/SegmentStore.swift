public import NIOCore

/// Where finished segments are kept: immutable objects under keys such as `STREAM/aac-128/1-42.m4s`.
public protocol SegmentStore: Sendable {
    /// Writes an object, whole or not at all. Writing the same key again replaces it.
    func put(_ bytes: ByteBuffer, at key: String) async throws
    /// Reads an object; nil when there is none.
    func get(_ key: String) async throws -> ByteBuffer?
    /// Removes every object whose key begins with `prefix` and a slash.
    func remove(under prefix: String) async throws
}

/// What went wrong with the store; all of it is worth another try but `invalidKey`.
public enum SegmentStoreError: Error, CustomStringConvertible {
    /// A key with an empty, dotted or strange component.
    case invalidKey(String)
    /// The disk or the service said no: the text is its reason.
    case failed(operation: String, key: String, reason: String)

    public var description: String {
        switch self {
        case .invalidKey(let key): "invalid key \"\(key)\" for the segment store"
        case .failed(let operation, let key, let reason): "segment store: \(operation) \(key): \(reason)"
        }
    }
}
