/// What went wrong with the store; all of it is worth another try but `invalidKey`, since what is refused today may be
/// put right by whoever runs the store.
public enum SegmentStoreError: Error, CustomStringConvertible {
    /// A key with an empty, dotted or strange component.
    case invalidKey(String)
    /// The disk or the service failed: the text is its reason.
    case failed(operation: String, key: String, reason: String)
    /// No room is left.
    case full(operation: String, key: String, reason: String)
    /// So many requests wait for the store already that this one was not taken.
    case busy(operation: String, key: String)
    /// Something is there that cannot be read as an object, and will not be until somebody repairs it.
    case damaged(key: String, reason: String)
    /// The service will say no until somebody changes something.
    case refused(operation: String, key: String, StoreRefusal)

    /// Whether the store itself is to blame: whoever watches it tells of that, once for all who try.
    public var isOutage: Bool {
        switch self {
        case .failed, .full, .busy, .refused: true
        case .invalidKey, .damaged: false
        }
    }

    public var description: String {
        switch self {
        case .invalidKey(let key): "invalid key \"\(key)\" for the segment store"
        case .failed(let operation, let key, let reason): "segment store: \(operation) \(key): \(reason)"
        case .full(let operation, let key, let reason):
            "segment store: \(operation) \(key): no room is left (\(reason)): remove recordings, or give it more"
        case .busy(let operation, let key): "segment store: \(operation) \(key): too many requests wait already"
        case .damaged(let key, let reason): "segment store: \(key) is damaged: \(reason)"
        case .refused(let operation, let key, let refusal): "segment store: \(operation) \(key): \(refusal)"
        }
    }
}

/// Why a service says no, and what to do about it.
public enum StoreRefusal: Sendable, Hashable, CustomStringConvertible {
    case unknownKey
    case wrongSecret
    case expiredCredentials
    case noSuchBucket(String)
    /// By how many seconds this machine's clock is ahead of the service's; nil where it did not tell.
    case clockSkew(seconds: Int64?)
    case denied
    /// The bucket is elsewhere: in the region of that name, where the service told.
    case wrongRegion(String?)
    /// Anything else that trying again does not change.
    case other(String)

    public var description: String {
        switch self {
        case .unknownKey: "the access key id is not known there: check AWS_ACCESS_KEY_ID and the endpoint"
        case .wrongSecret:
            "the signature does not match: check AWS_SECRET_ACCESS_KEY, and that no proxy changes the Host field"
        case .expiredCredentials: "the session token has expired: start with new credentials"
        case .noSuchBucket(let name): "there is no bucket \"\(name)\": make it, or name another in --segment-store"
        case .clockSkew(let seconds):
            "this machine's clock is off\(seconds.map { " by \($0) s" } ?? ""): synchronize it (NTP)"
        case .denied:
            "access is denied: the credentials need s3:GetObject, PutObject, DeleteObject and ListBucket on the bucket"
        case .wrongRegion(let region):
            "the bucket is in another region: put region=\(region ?? "…") into --segment-store"
        case .other(let reason): reason
        }
    }
}
