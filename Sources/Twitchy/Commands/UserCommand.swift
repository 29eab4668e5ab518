import AccountService
import ArgumentParser

struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Make users.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a user, who can own channels; there is nothing to log in to yet.",
            discussion: AdministrationOptions.findTheServer)

        @Argument(help: "3 to 25 characters: a–z, 0–9 and _.")
        var name: String

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let user = try await Accounts.with(options) { try await $0.createUser(username: name) }
            print("user       \(user.username)\nid         \(user.id)")
        }
    }
}
