public import Logging
import NIOCore
import Synchronization

/// The limit that a connection met.
public enum ConnectionLimit: String, Sendable, CaseIterable {
    /// The address has as many connections as one may have.
    case address
    /// The listener has as many connections as it may have.
    case listener
    /// The process or the system has no file descriptors left; the connection waits in the kernel.
    case descriptors
}

/// The places of one listener, or of several that share them: how many connections there may be in all and from one
/// address. An IPv6 host has a whole /64, so that counts as one address.
///
/// Each kind of refusal is logged once a minute, with the number since the last line.
public final class ConnectionLimiter: Sendable {
    private struct Refusals {
        var loggedAt: NIODeadline?
        /// Since the last line.
        var count = 0
    }

    private struct State {
        var count = 0
        /// Never more entries than connections.
        var byAddress: [IPAddress: Int] = [:]
        var refusals: [ConnectionLimit: Refusals] = [:]
    }

    public let listener: String
    public let maximum: Int
    public let maximumPerAddress: Int
    private let unlimitedAddresses: TrustedProxies
    private let logger: Logger
    private let onRefusal: @Sendable (ConnectionLimit) -> Void
    private let state = Mutex(State())

    private static let logInterval = TimeAmount.seconds(60)

    /// - Parameters:
    ///   - listener: names it in log lines.
    ///   - unlimitedAddresses: proxies, which bring the connections of many; they only count in all.
    ///   - onRefusal: called for each connection that is refused or has to wait.
    public init(
        listener: String, maximum: Int, maximumPerAddress: Int, unlimitedAddresses: TrustedProxies = .none,
        logger: Logger, onRefusal: @escaping @Sendable (ConnectionLimit) -> Void = { _ in }
    ) {
        self.listener = listener
        self.maximum = maximum
        self.maximumPerAddress = maximumPerAddress
        self.unlimitedAddresses = unlimitedAddresses
        self.logger = logger
        self.onRefusal = onRefusal
    }

    /// Connections that have a place.
    public var count: Int { state.withLock { $0.count } }

    /// Takes a place.
    /// - Parameter address: nil where the peer has none, or has already left.
    /// - Returns: the limit that is in the way; nil where the connection has its place, which ``leave(_:)`` gives back.
    public func enter(_ address: IPAddress?) -> ConnectionLimit? {
        let host = countedHost(address)
        let limit = state.withLock { state -> ConnectionLimit? in
            guard state.count < maximum else { return .listener }
            if let host {
                let count = state.byAddress[host] ?? 0
                guard count < maximumPerAddress else { return .address }
                state.byAddress[host] = count + 1
            }
            state.count += 1
            return nil
        }
        if let limit { note(limit, address) }
        return limit
    }

    public func leave(_ address: IPAddress?) {
        let host = countedHost(address)
        state.withLock { state in
            state.count -= 1
            guard let host, let count = state.byAddress[host] else { return }
            state.byAddress[host] = count > 1 ? count - 1 : nil
        }
    }

    /// Counts and, once a minute, logs that a connection did not get in.
    func note(_ limit: ConnectionLimit, _ address: IPAddress?) {
        onRefusal(limit)
        let now = NIODeadline.now()
        let count = state.withLock { state -> Int? in
            var refusals = state.refusals[limit] ?? Refusals()
            refusals.count += 1
            let isDue = refusals.loggedAt.map { now - $0 >= Self.logInterval } ?? true
            let count = refusals.count
            if isDue { refusals = Refusals(loggedAt: now) }
            state.refusals[limit] = refusals
            return isDue ? count : nil
        }
        guard let count else { return }
        var metadata: Logger.Metadata = [
            "listener": "\(listener)", "limit": "\(limit.rawValue)", "count": "\(count)",
        ]
        if let address { metadata["client"] = "\(address)" }
        logger.warning("\(limit.sentence)", metadata: metadata)
    }

    private func countedHost(_ address: IPAddress?) -> IPAddress? {
        guard let address, !unlimitedAddresses.contains(address) else { return nil }
        return address.host
    }
}

extension ConnectionLimit {
    fileprivate var sentence: String {
        switch self {
        case .address: "Connections refused: one address has as many as it may have"
        case .listener: "Connections refused: the listener has as many as it may have"
        case .descriptors: "Connections wait: no file descriptors are left"
        }
    }
}

extension IPAddress {
    /// What stands for one host: an IPv4 address, or the /64 that an IPv6 host may choose its addresses from.
    public var host: IPAddress { isV4 ? self : IPAddress(high: high, low: 0) }
}
