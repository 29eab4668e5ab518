import Synchronization

/// Lets a server give a response out again by itself, until the one who made it takes that back.
///
/// One lease may belong to many responses. All event loops look at it for every request that they answer with them, so
/// that nothing here is written to more than twice a second.
public final class HTTPLease: Sendable {
    private let isRevoked = Atomic<Bool>(false)
    private let isUsed = Atomic<Bool>(false)

    public init() {}

    /// From the next request on the responders are asked again.
    public func revoke() { isRevoked.store(true, ordering: .releasing) }

    public var isValid: Bool { !isRevoked.load(ordering: .acquiring) }

    func noteUse() {
        if !isUsed.load(ordering: .relaxed) { isUsed.store(true, ordering: .relaxed) }
    }

    /// Whether a response was given out again since the last call.
    public func takeUse() -> Bool {
        isUsed.load(ordering: .relaxed) && isUsed.exchange(false, ordering: .relaxed)
    }
}
