/// A block of addresses in CIDR notation (RFC 4632): `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Sendable, Hashable {
    private let network: IPAddress
    private let highMask: UInt64
    private let lowMask: UInt64

    /// nil where the text is not an address with an optional prefix length.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let width = address.isV4 && !first.contains(":") ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard let number = Int(parts[1]), (0...width).contains(number), parts[1].first != "+" else { return nil }
            length = number
        }
        let bits = 128 - width + length
        highMask = bits >= 64 ? .max : bits == 0 ? 0 : .max << UInt64(64 - bits)
        lowMask = bits >= 128 ? .max : bits <= 64 ? 0 : .max << UInt64(128 - bits)
        network = IPAddress(high: address.high & highMask, low: address.low & lowMask)
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == network.high && address.low & lowMask == network.low
    }
}

/// The proxies whose `Forwarded` and `X-Forwarded-*` fields count. Anybody else could write what he likes.
public struct TrustedProxies: Sendable, Hashable {
    public let ranges: [AddressRange]

    public init(_ ranges: [AddressRange] = []) {
        self.ranges = ranges
    }

    public static let none = TrustedProxies()

    public func contains(_ address: IPAddress) -> Bool {
        ranges.contains { $0.contains(address) }
    }
}
