import ArgumentParser
import Ingest
import Telemetry

/// Runs roles until a signal comes.
enum RoleProcess {
    static func run(
        _ roles: Set<Role>, _ options: ServerOptions, inheritance: Inheritance? = nil
    ) async throws {
        let configuration = try Configuration(options)
        guard configuration.amqpURL != nil || roles == Set(Role.allCases) else {
            throw Failure(
                code: Failure.usage,
                description:
                    "roles in processes of their own talk over RabbitMQ: give --amqp-url (or TWITCHY_AMQP_URL), or run all of them with `twitchy serve`"
            )
        }
        let output = LogOutput(level: configuration.logLevel)
        output.bootstrap()
        do {
            try await Server(
                configuration: configuration, roles: roles, inheritance: inheritance, output: output
            ).run()
        } catch let error as IngestError {
            throw Failure(code: Failure.unavailable, description: error.description)
        }
    }
}

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run all roles in one process, and start it again when it dies.")

    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await RoleProcess.run(Set(Role.allCases), options, inheritance: Inheritance.own)
    }

    /// Looks after a server that does the work, unless this process is that server or nobody wants a supervisor.
    ///
    /// To be called on the main thread, before there is another.
    /// - Returns: the code to exit with, nil where this process has to serve itself.
    func supervise() throws -> Int32? {
        if let inheritance = Inheritance.own {
            inheritance.accept()
            return nil
        }
        let configuration = try Configuration(options)
        guard configuration.isSupervised else { return nil }
        var supervisor = try Supervisor(configuration)
        return try supervisor.run()
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run several roles in one process; the others run elsewhere.",
        discussion: ServerOptions.areSaidElsewhere)

    @Argument(help: "\(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
    var roles: [Role]

    @OptionGroup(visibility: .hidden) var options: ServerOptions

    func run() async throws { try await RoleProcess.run(Set(roles), options) }
}

/// The role that a command runs; each is a subcommand of its own name.
protocol NamedRole {
    static var role: Role { get }
}

struct RoleCommand<Name: NamedRole>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Name.role.rawValue, abstract: "Run the role \(Name.role.rawValue) in a process of its own.",
            discussion: ServerOptions.areSaidElsewhere)
    }

    @OptionGroup(visibility: .hidden) var options: ServerOptions

    func run() async throws { try await RoleProcess.run([Name.role], options) }
}

enum IngestRole: NamedRole { static let role = Role.ingest }
enum TranscoderRole: NamedRole { static let role = Role.transcoder }
enum OriginRole: NamedRole { static let role = Role.origin }
enum AccountsRole: NamedRole { static let role = Role.accounts }
enum WebRole: NamedRole { static let role = Role.web }
