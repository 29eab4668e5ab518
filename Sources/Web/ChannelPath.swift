/// Which paths are those of channels.
enum ChannelPath {
    /// Paths of the server itself, and pages to come; no channel can be found there.
    static let reserved: Set<String> = [
        "api", "assets", "hls", "chat", "push", "admin", "irc", "healthz", "readyz", "metrics", "studio", "login",
        "register", "account", "about", "settings", "static",
    ]

    /// The path of the channel's page as it is written, if `path` may be one that someone typed: in capitals, or with a
    /// slash at its end.
    static func tidied(_ path: String) -> String? {
        guard path.first == "/" else { return nil }
        var name = path.dropFirst()
        if name.last == "/" { name.removeLast() }
        let lowercased = name.lowercased()
        return isChannelName(lowercased) ? "/" + lowercased : nil
    }

    /// The rule by which names are given: 3 to 25 of `a–z`, `0–9` and `_`.
    private static func isChannelName(_ name: String) -> Bool {
        guard (3...25).contains(name.utf8.count), !reserved.contains(name) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
