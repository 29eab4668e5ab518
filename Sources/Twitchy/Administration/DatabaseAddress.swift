/// Which database a `postgres://` URL names, without user and password: to compare, and to show.
struct DatabaseAddress: Equatable, CustomStringConvertible {
    private let hosts: String
    private let name: String

    init(_ url: String) {
        let rest = url.split(separator: "://", maxSplits: 1).last ?? ""
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let place = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let authority = place[0].split(separator: "@", omittingEmptySubsequences: false)
        let user = authority.count > 1 ? String(authority[0].prefix { $0 != ":" }) : ""
        var hosts = String(authority.last ?? "")
        var name = place.count > 1 ? String(place[1]) : ""
        var port: String?
        // libpq takes them here too.
        for item in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let pair = item.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            switch pair[0] {
            case "host": hosts = String(pair[1])
            case "port": port = String(pair[1])
            case "dbname": name = String(pair[1])
            default: break
            }
        }
        if let port { hosts += ":\(port)" }
        self.hosts = hosts.lowercased().split(separator: ",").map(Self.withPort).joined(separator: ",")
        // A password that was not written as URLs want it must not show either.
        self.name = name.split(separator: "@").last.map(String.init) ?? user
    }

    var description: String { "postgres://\(hosts)/\(name)" }

    private static func withPort(_ host: Substring) -> String {
        let end = host.lastIndex { $0 == ":" || $0 == "]" }
        let hasPort = end.map { host[$0] == ":" } ?? false
        let name = hasPort ? String(host[..<(end ?? host.endIndex)]) : String(host)
        let port = hasPort ? String(host[host.index(after: end ?? host.startIndex)...]) : "5432"
        return (["localhost", "[::1]"].contains(name) ? "127.0.0.1" : name) + ":" + port
    }
}
