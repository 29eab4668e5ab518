import NIOCore

/// What trusted proxies say about the client (`Forwarded`, RFC 7239; otherwise `X-Forwarded-For`, `-Proto`,
/// `-Host`).
struct ForwardedRequest: Equatable {
    /// Members that are looked at, from the last one on: the chain of trusted proxies is shorter, and what stands
    /// before it was written by the client, as much as he liked.
    static let maximumHops = 8

    var client: IPAddress?
    var isSecure = false
    var host: String?

    /// The client is the last address in the chain that is not itself a trusted proxy.
    init(_ head: HTTPRequestHead, proxies: TrustedProxies) {
        let forwarded = LastMembers(of: "forwarded", in: head)
        guard forwarded.count == 0 else {
            for number in 0..<forwarded.count {
                let parameters = Parameters(head, forwarded[fromEnd: number])
                if let scheme = parameters.scheme { isSecure = head.unquoted(scheme).lowercased() == "https" }
                if let name = parameters.host { host = head.unquoted(name) }
                guard let node = parameters.node, let address = Self.address(head, node) else { return }
                client = address
                if !proxies.contains(address) { return }
            }
            return
        }
        let scheme = LastMembers(of: "x-forwarded-proto", in: head)
        isSecure = scheme.count > 0 && head.unquoted(scheme[fromEnd: 0]).lowercased() == "https"
        let host = LastMembers(of: "x-forwarded-host", in: head)
        if host.count > 0 {
            self.host = head.text(from: host[fromEnd: 0].lowerBound, to: host[fromEnd: 0].upperBound)
        }
        let nodes = LastMembers(of: "x-forwarded-for", in: head)
        for number in 0..<nodes.count {
            guard let address = Self.address(head, nodes[fromEnd: number]) else { return }
            client = address
            if !proxies.contains(address) { return }
        }
    }

    /// An address with or without a port; `unknown` and obfuscated names are nil.
    private static func address(_ head: HTTPRequestHead, _ range: Range<Int>) -> IPAddress? {
        guard range.count <= 64 else { return nil }
        let node = head.unquoted(range)
        if let address = IPAddress(node) { return address }
        guard let colon = node.lastIndex(of: ":") else { return nil }
        let host = node[..<colon]
        // Without brackets only an IPv4 address can have a port.
        return host.contains(":") && !host.hasPrefix("[") ? nil : IPAddress(host)
    }
}

/// Where the last members of a list-valued field lie.
private struct LastMembers {
    private var ranges = InlineArray<8, Range<Int>>(repeating: 0..<0)
    private var total = 0

    init(of name: String, in head: HTTPRequestHead) {
        var (ranges, total) = (ranges, 0)
        head.forEachMember(of: name, from: Int(head.fieldsStart), limit: .max) { _, member in
            ranges[total % ForwardedRequest.maximumHops] = member
            total += 1
            return true
        }
        (self.ranges, self.total) = (ranges, total)
    }

    var count: Int { min(total, ForwardedRequest.maximumHops) }

    /// - Parameter number: below `count`; 0 is the last one.
    subscript(fromEnd number: Int) -> Range<Int> { ranges[(total - 1 - number) % ForwardedRequest.maximumHops] }
}

/// The parameters of one member of `Forwarded`; of a repeated one the last.
private struct Parameters {
    var node: Range<Int>?
    var scheme: Range<Int>?
    var host: Range<Int>?

    init(_ head: HTTPRequestHead, _ member: Range<Int>) {
        let bytes = head.bytes.readableBytesUInt8Span
        var index = member.lowerBound
        while index < member.upperBound {
            let start = index
            var equals: Int?
            var isQuoted = false
            while index < member.upperBound, isQuoted || bytes[index] != UInt8(ascii: ";") {
                if bytes[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
                if bytes[index] == UInt8(ascii: "="), equals == nil { equals = index }
                index += 1
            }
            if let equals {
                let name = ASCII.trimmed(bytes, start..<equals)
                let value = ASCII.trimmed(bytes, (equals + 1)..<index)
                switch name.count {
                case 3 where ASCII.equal(bytes, from: name.lowerBound, to: name.upperBound, "for"): node = value
                case 4 where ASCII.equal(bytes, from: name.lowerBound, to: name.upperBound, "host"): host = value
                case 5 where ASCII.equal(bytes, from: name.lowerBound, to: name.upperBound, "proto"): scheme = value
                default: break
                }
            }
            index += 1
        }
    }
}

extension HTTPRequestHead {
    /// The text without its quotes.
    fileprivate func unquoted(_ range: Range<Int>) -> String {
        let text = text(from: range.lowerBound, to: range.upperBound)
        return text.utf8.contains(UInt8(ascii: "\"")) ? text.filter { $0 != "\"" } : text
    }
}
