/// What is wrong with an AMQP URL. Never repeats the URL, which has a password.
public enum RabbitMQURLError: Error, Hashable, Sendable, CustomStringConvertible {
    case scheme
    case host
    case port
    case virtualHost
    case parameter(String)
    case encoding

    public var description: String {
        switch self {
        case .scheme: "An AMQP URL begins with amqp:// or amqps://."
        case .host: "The AMQP URL names no host."
        case .port: "The port of the AMQP URL is no number from 1 to 65535."
        case .virtualHost: "The virtual host of the AMQP URL is one part; a slash within it is written %2F."
        case .parameter(let name): "The AMQP URL has an unknown parameter “\(name)”; there is cacertfile, for amqps."
        case .encoding: "The percent-encoding of the AMQP URL is broken."
        }
    }
}

/// The parts of an AMQP URL, decoded.
struct AMQPURL: Hashable, Sendable {
    var isSecure = false
    var user: String?
    var password: String?
    var host = ""
    var port: UInt16?
    var virtualHost: String?
    var authorityFile: String?

    init(_ url: String) throws(RabbitMQURLError) {
        guard let scheme = url.firstRange(of: "://") else { throw .scheme }
        switch url[..<scheme.lowerBound].lowercased() {
        case "amqp": isSecure = false
        case "amqps": isSecure = true
        default: throw .scheme
        }
        var rest = url[scheme.upperBound...]
        if let mark = rest.firstIndex(of: "?") {
            try readParameters(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard !path.contains("/") else { throw .virtualHost }
            // “amqp://host/” names the virtual host of no name by the specification, and never means it.
            virtualHost = path.isEmpty ? nil : try Self.decode(path)
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let credentials = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decode(credentials[0])
            password = credentials.count > 1 ? try Self.decode(credentials[1]) : nil
            rest = rest[rest.index(after: at)...]
        }
        try readAuthority(rest)
    }

    private mutating func readAuthority(_ text: Substring) throws(RabbitMQURLError) {
        var (name, portText): (Substring, Substring?) = (text, nil)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            name = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw .host }
            portText = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            name = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        host = try Self.decode(name)
        guard !host.isEmpty else { throw .host }
        if let portText {
            guard let number = UInt16(portText), number > 0 else { throw .port }
            port = number
        }
    }

    private mutating func readParameters(_ query: Substring) throws(RabbitMQURLError) {
        for parameter in query.split(separator: "&") {
            let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair[0] == "cacertfile", pair.count == 2, isSecure else { throw .parameter(String(pair[0])) }
            authorityFile = try Self.decode(pair[1])
        }
    }

    private static func decode(_ text: Substring) throws(RabbitMQURLError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst(), let low = rest.popFirst(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { throw .encoding }
            bytes.append(value)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !decoded.utf8.contains(0) else {
            throw .encoding
        }
        return decoded
    }
}
