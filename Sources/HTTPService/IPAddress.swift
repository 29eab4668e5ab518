import NIOCore

/// An IP address as 128 bits; IPv4 addresses are IPv4-mapped (`::ffff:a.b.c.d`), so that a client that reaches a
/// dual-stack socket has one address, not two.
public struct IPAddress: Sendable, Hashable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(v4 address: UInt32) {
        high = 0
        low = 0xFFFF_0000_0000 | UInt64(address)
    }

    public static let unspecified = IPAddress(high: 0, low: 0)

    public var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    public var isLoopback: Bool {
        isV4 ? (low >> 24) & 0xFF == 127 : high == 0 && low == 1
    }

    /// `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, without a port; a zone (`%eth0`) is left out.
    public init?(_ text: some StringProtocol) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        if let percent = text.firstIndex(of: "%") { text = text[..<percent] }
        if let address = Self.parseV4(text) {
            self.init(v4: address)
        } else if let groups = Self.parseV6(text) {
            func half(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
            self.init(high: half(groups[..<4]), low: half(groups[4...]))
        } else {
            return nil
        }
    }

    /// nil for a Unix domain socket.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(text)
    }

    private static func parseV4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            // A leading zero would be octal to some readers and decimal to others.
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isDigit),
                part.utf8.count == 1 || part.first != "0", let number = UInt8(part)
            else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    /// The eight groups (RFC 4291 §2.2).
    private static func parseV6(_ text: Substring) -> [UInt16]? {
        guard text.utf8.count <= 45, text.contains(":"), !text.hasPrefix(":") || text.hasPrefix("::"),
            !text.hasSuffix(":") || text.hasSuffix("::")
        else { return nil }
        // "1::2" gives ["1", "", "2"]; the empty piece stands for the zeros. An empty piece more at either end
        // belongs to a "::" there.
        var pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        if text.hasPrefix("::") { pieces.removeFirst() }
        if text.hasSuffix("::") { pieces.removeLast() }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, piece) in pieces.enumerated() {
            if piece.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == pieces.count - 1, let address = parseV4(piece) {
                groups += [UInt16(address >> 16), UInt16(address & 0xFFFF)]
            } else {
                guard piece.utf8.count <= 4, piece.utf8.allSatisfy({ ASCII.hexadecimalValue($0) != nil }),
                    let group = UInt16(piece, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        guard let gap else { return groups.count == 8 ? groups : nil }
        guard groups.count < 8 else { return nil }
        groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    /// RFC 5952.
    public var description: String {
        if isV4 {
            return [24, 16, 8, 0].map { shift -> String in String((low >> shift) & 0xFF) }.joined(separator: ".")
        }
        let groups = [high, low].flatMap { half -> [UInt64] in
            [48, 32, 16, 0].map { shift -> UInt64 in (half >> shift) & 0xFFFF }
        }
        // The longest run of at least two zero groups is written as "::".
        var longest = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, groups[end] == 0 { end += 1 }
            if end - index > max(longest.count, 1) { longest = index..<end }
            index = max(end, index + 1)
        }
        func text(_ groups: ArraySlice<UInt64>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !longest.isEmpty else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}
