/// Where a command on this machine reaches a port of the server.
enum LocalAddress {
    /// Who listens everywhere also listens on loopback.
    static func host(of bind: String) -> String {
        switch bind {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        default: bind.contains(":") ? "[\(bind)]" : bind
        }
    }
}
