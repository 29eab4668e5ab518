import AccountService
import ArgumentParser

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Have a service tell all others the present state of everything that it owns.",
        discussion: "Rebuilds what others keep of it. The service must run; it begins within a second.")

    /// Services that own something.
    enum Owner: String, CaseIterable, ExpressibleByArgument {
        case accounts, ingest, transcoder
    }

    @Argument(help: "\(Owner.allCases.map(\.rawValue).joined(separator: ", ")).")
    var service: Owner

    @OptionGroup var options: ServerOptions

    func run() async throws {
        try await Accounts.with(options) { try await $0.requestReplay(of: service.rawValue) }
        print("asked      \(service.rawValue)")
    }
}
