import Foundation

/// What a command of administration works on: never other data in silence than those of the server that runs.
struct AdministrationTarget {
    /// With the data folder, the database and the ports of the server where one runs.
    let configuration: Configuration
    /// nil where none runs on this machine.
    let server: RunningServer?
    /// In one line, without a password.
    let description: String

    /// - Parameters:
    ///   - running: all servers that this user may know.
    ///   - isOffline: whether a new database may be made, and servers elsewhere on the machine are of no interest.
    init(_ configuration: Configuration, isOffline: Bool, running: [RunningServer]) throws {
        let folder = RunningServer.canonical(configuration.data)
        var servers = running
        if isOffline || configuration.given.contains("data") { servers.removeAll { $0.data != folder } }
        if configuration.given.contains("database-url") {
            servers = try Self.agreeing(servers, configuration.database) {
                $0.uses(databaseURL: configuration.databaseURL)
            }
        } else if configuration.given.contains("admin-port"), configuration.adminPort != 0 {
            let others = servers
            servers.removeAll { $0.adminPort != configuration.adminPort }
            if servers.isEmpty {
                _ = try Self.agreeing(
                    others.filter { $0.data == folder }, "--admin-port \(configuration.adminPort)"
                ) { _ in false }
            }
        }
        if servers.count > 1 {
            let here = servers.filter { $0.data == folder }
            // On one database any of them will do.
            let isOne = servers.allSatisfy { $0.database == servers[0].database }
            guard !here.isEmpty || isOne else { throw Self.ambiguous(servers) }
            servers = here.isEmpty ? servers : here
        }
        server = servers.first
        self.configuration = server.map(configuration.speaking(to:)) ?? configuration
        if let server {
            description =
                "server of process \(server.process), admin port \(server.adminHost):\(server.adminPort); "
                + "database \(server.database)"
        } else {
            let place = configuration.databaseURL == nil ? "with --data \(configuration.data)" : "on this machine"
            description = "no server runs \(place); database \(configuration.database)"
            if configuration.databaseURL == nil, !isOffline { try Self.requireFile(configuration) }
        }
    }

    /// The servers that use what the command names; none where none runs at all.
    private static func agreeing(
        _ servers: [RunningServer], _ named: String, _ agrees: (RunningServer) -> Bool
    ) throws -> [RunningServer] {
        let found = servers.filter(agrees)
        guard found.isEmpty, let other = servers.first else { return found }
        throw Failure(
            code: Failure.usage,
            description:
                "\(named) is named, but the server that runs (process \(other.process), --data \(other.data), --admin-port \(other.adminPort)) works on \(other.database): leave it out, say which server with --data, or work without one with --offline"
        )
    }

    private static func ambiguous(_ servers: [RunningServer]) -> Failure {
        let list = servers.map { "process \($0.process) with --data \($0.data)" }.joined(separator: ", ")
        return Failure(
            code: Failure.usage, description: "several servers run on this machine (\(list)): say which with --data")
    }

    private static func requireFile(_ configuration: Configuration) throws {
        let file = configuration.database
        guard access(file, F_OK) != 0 else { return }
        let cause = errno == ENOENT ? "does not exist" : "cannot be reached (\(String(cString: strerror(errno))))"
        let whose =
            configuration.given.contains("data") ? "uses --data \(configuration.data)" : "of yours runs on this machine"
        throw Failure(
            code: Failure.noInput,
            description:
                "no server \(whose), and \(file) \(cause): start the server, name its --data or --database-url, or make a new database with --offline"
        )
    }
}

extension Configuration {
    /// The accounts' database, for people.
    fileprivate var database: String {
        databaseURL.map { DatabaseAddress($0).description }
            ?? Databases.place(Role.accounts.rawValue, self)
    }

    /// What is in force at the server counts for a command, whatever it was told about ports.
    fileprivate func speaking(to server: RunningServer) -> Configuration {
        var other = self
        other.data = server.data
        other.databaseURL = server.databaseURL
        // With a database that is named, the admin port may be another role's.
        if !(given.contains("database-url") && given.contains("admin-port") && adminPort != 0) {
            other.adminBind = server.adminHost
            other.adminPort = server.adminPort
        }
        other.bind = server.bind
        other.publicURL = server.publicURL ?? publicURL
        other.httpPort = server.httpPort ?? httpPort
        other.rtmpPort = server.rtmpPort ?? rtmpPort
        other.icecastPort = server.icecastPort ?? icecastPort
        return other
    }
}
