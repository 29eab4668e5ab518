import ArgumentParser

/// The options of commands of administration: the server's, which say what to work on where it cannot be found, and one
/// of their own.
struct AdministrationOptions: ParsableArguments {
    /// For the help of every command of administration.
    static let findTheServer =
        "Works on the data of the server that runs; --data, --database-url or --config name others. All options of the server are accepted: `twitchy serve --help` lists them."

    @Flag(help: "Work without a server; a database that does not exist yet is made.")
    var offline = false

    @OptionGroup(visibility: .hidden) var server: ServerOptions

    /// Looks for the server that runs.
    func target() throws -> AdministrationTarget {
        let configuration = try Configuration(server)
        let servers = RunningServers()
        var running = servers.all
        if let here = servers.server(ofFolder: configuration.data), !running.contains(here) { running.append(here) }
        return try AdministrationTarget(configuration, isOffline: offline, running: running)
    }
}
