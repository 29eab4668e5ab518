/// Which first path components are names of channels.
enum ChannelPath {
    /// Paths of the server itself, and pages to come; no channel can be found there.
    static let reserved: Set<String> = [
        "api", "assets", "hls", "chat", "push", "admin", "irc", "healthz", "readyz", "metrics", "studio", "login",
        "register", "account", "about", "settings", "static", "favicon.ico", "robots.txt", "sitemap.xml",
    ]

    /// ASCII letters, digits, `_` and `-`, at most 64 of them.
    static func isChannelName(_ name: Substring) -> Bool {
        guard (1...64).contains(name.utf8.count), !reserved.contains(name.lowercased()) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default:
                false
            }
        }
    }
}
