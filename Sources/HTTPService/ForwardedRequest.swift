/// What trusted proxies say about the client (`Forwarded`, RFC 7239; otherwise `X-Forwarded-For`, `-Proto`,
/// `-Host`).
struct ForwardedRequest: Equatable {
    var client: IPAddress?
    var isSecure = false
    var host: String?

    /// The client is the last address in the chain that is not itself a trusted proxy: whatever stands before it
    /// was written by the client.
    init(_ head: HTTPRequestHead, proxies: TrustedProxies) {
        let forwarded = head.values(of: "forwarded")
        if !forwarded.isEmpty {
            for element in forwarded.flatMap({ Self.split($0, at: ",") }).reversed() {
                let parameters = Self.parameters(of: element)
                if let scheme = parameters["proto"] { isSecure = scheme.lowercased() == "https" }
                if let name = parameters["host"] { host = name }
                guard let node = parameters["for"], let address = Self.address(node) else { return }
                client = address
                if !proxies.contains(address) { return }
            }
            return
        }
        isSecure = Self.last(head.values(of: "x-forwarded-proto"))?.lowercased() == "https"
        host = Self.last(head.values(of: "x-forwarded-host"))
        for node in head.values(of: "x-forwarded-for").flatMap({ Self.split($0, at: ",") }).reversed() {
            guard let address = Self.address(node) else { return }
            client = address
            if !proxies.contains(address) { return }
        }
    }

    private static func last(_ values: [String]) -> String? {
        values.last.flatMap { split($0, at: ",").last }
    }

    /// Splits at a separator outside of quotes, without white space around the pieces.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == separator, !isQuoted {
                pieces.append(trimmed(piece))
                piece = ""
            } else {
                piece.append(character)
            }
        }
        pieces.append(trimmed(piece))
        return pieces
    }

    private static func trimmed(_ text: String) -> String {
        let rest = text.drop { $0 == " " || $0 == "\t" }
        return String(rest.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }

    private static func parameters(of element: String) -> [String: String] {
        var parameters: [String: String] = [:]
        for pair in split(element, at: ";") {
            guard let equals = pair.firstIndex(of: "=") else { continue }
            let value = pair[pair.index(after: equals)...].filter { $0 != "\"" }
            parameters[pair[..<equals].lowercased()] = value
        }
        return parameters
    }

    /// An address with or without a port; `unknown` and obfuscated names are nil.
    private static func address(_ node: String) -> IPAddress? {
        if let address = IPAddress(node) { return address }
        guard let colon = node.lastIndex(of: ":") else { return nil }
        let host = node[..<colon]
        // Without brackets only an IPv4 address can have a port.
        return host.contains(":") && !host.hasPrefix("[") ? nil : IPAddress(host)
    }
}
