/// Which names channels and users can have.
public enum ChannelName {
    /// Names that are, or may become, the first word of one of our own paths, or that pretend to speak for the house.
    static let reserved: Set<String> = [
        "about", "account", "accounts", "admin", "administrator", "api", "assets", "auth", "browse", "channel",
        "channels", "chat", "docs", "embed", "explore", "favicon", "feed", "feeds", "follow", "following", "healthz",
        "help", "hls", "home", "irc", "live", "login", "logout", "media", "metrics", "moderator", "oembed", "openapi",
        "player", "popout", "privacy", "push", "readyz", "recording", "recordings", "register", "rewind", "robots",
        "root",
        "search", "service_worker", "settings", "signin", "signout", "signup", "sitemap", "static", "status", "studio",
        "support", "system", "terms", "twitchy", "user", "users", "well_known",
    ]

    /// Refuses a name that no channel can have.
    public static func check(_ name: String) throws(AccountError) {
        guard isWellFormed(name) else { throw .invalidChannelName }
        guard !reserved.contains(name) else { throw .reservedChannelName(name) }
    }

    /// 3 to 25 of `a–z`, `0–9` and `_`.
    static func isWellFormed(_ name: String) -> Bool {
        (3...25).contains(name.utf8.count) && name.utf8.allSatisfy(isAllowed)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
