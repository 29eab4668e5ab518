import CPostgreSQL

/// Where the server is and how it is reached: a `postgres://` URL with every option that libpq knows (manual §34.1).
struct ServerAddress: Sendable {
    /// What every connection of ours has unless the URL says otherwise. A peer that is gone without a word is noticed
    /// after 10 s.
    private static let defaults = [
        ("application_name", "twitchy"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "10"),
        ("keepalives_interval", "3"), ("keepalives_count", "3"),
    ]
    private static let defaultLimit = Duration.seconds(5)

    /// Holds the password.
    private let url: String
    /// How long one connection may take to be made, over all hosts of the URL.
    let connectLimit: Duration

    /// - Throws: ``SQLError/Code/other`` for what is no such URL. The message does not repeat the URL.
    init(_ url: String) throws(SQLError) {
        guard url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
            throw SQLError(.other, "a database URL begins with postgres:// or postgresql://")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            defer { PQfreemem(message) }
            throw SQLError(.other, Self.explanation(message.map { String(cString: $0) } ?? ""))
        }
        defer { PQconninfoFree(options) }
        self.url = url
        let hosts = (Self.value("host", in: options) ?? "").split(separator: ",").count
        let seconds = Self.value("connect_timeout", in: options).flatMap(Int64.init) ?? 0
        connectLimit = (seconds > 0 ? .seconds(max(2, seconds)) : Self.defaultLimit) * max(1, hosts)
    }

    /// Keys and values for `PQconnectStartParams`: what comes later wins.
    var parameters: [(key: String, value: String)] {
        Self.defaults.map { (key: $0.0, value: $0.1) } + [("dbname", url), ("client_encoding", "UTF8")]
    }

    private static func value(_ keyword: String, in options: UnsafeMutablePointer<PQconninfoOption>) -> String? {
        var option = options
        while let name = option.pointee.keyword {
            if String(cString: name) == keyword { return option.pointee.val.map { String(cString: $0) } }
            option += 1
        }
        return nil
    }

    // Most of libpq's words quote the part that it could not read, which may be the password.
    private static func explanation(_ message: String) -> String {
        if message.hasPrefix("invalid URI query parameter") {
            return "the database URL has an option that PostgreSQL does not know"
        }
        return "the database URL cannot be read; characters such as @ : / ? # % in user and password are written %40 …"
    }
}
