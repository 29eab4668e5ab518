import AccountService
import ArgumentParser
import Events
import Persistence

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "List stream keys.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a channel's stream keys: number, state, when it was made, label.",
            discussion: "Never the key itself, of which only a hash is kept. Ended ones are listed for 30 days."
                + "\n\n" + AdministrationOptions.findTheServer)

        @Argument(help: "The channel's name.")
        var name: String

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let keys = try await Accounts.with(options) { try await $0.keys(channelNamed: name, by: .administrator) }
            let now = Timestamp.systemClock()
            for key in keys {
                print("\(key.id)  \(key.state(at: now))  made \(key.createdAt.rfc3339)  \(key.label)")
            }
        }
    }
}

extension StreamKeySummary {
    fileprivate func state(at now: Timestamp) -> String {
        if let revokedAt { return "revoked \(revokedAt.rfc3339)" }
        guard let expiresAt else { return "good" }
        return "\(expiresAt > now ? "good until" : "expired") \(expiresAt.rfc3339)"
    }
}
