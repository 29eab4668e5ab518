import AccountService
import ArgumentParser

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Have a service tell all others the present state of everything that it owns.",
        discussion: "Rebuilds what others keep of it. The service must run; it begins within a second." + "\n\n"
            + AdministrationOptions.findTheServer)

    /// Services that own something.
    enum Owner: String, CaseIterable, ExpressibleByArgument {
        case accounts, ingest, transcoder
    }

    @Argument(help: "\(Owner.allCases.map(\.rawValue).joined(separator: ", ")).")
    var service: Owner

    @OptionGroup var options: AdministrationOptions

    func run() async throws {
        let target = try options.target()
        // On a database of their own, roles may run anywhere.
        guard target.server != nil || target.configuration.databaseURL != nil || options.offline else {
            throw Failure(
                code: Failure.unavailable,
                description:
                    "\(target.description): nobody would answer; start the server first, or leave the request for its next start with --offline"
            )
        }
        try await Accounts.with(target) { try await $0.requestReplay(of: service.rawValue) }
        Failure.report(target.description)
        print("asked      \(service.rawValue)")
    }
}
