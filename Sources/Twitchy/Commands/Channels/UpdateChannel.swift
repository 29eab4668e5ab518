import AccountService
import ArgumentParser

extension ChannelCommand {
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what is named of a channel; its name stays.",
            discussion: AdministrationOptions.findTheServer)

        @Argument(help: "The channel's name.")
        var name: String

        @Option(help: "What the channel is called.")
        var title: String?

        @Option(help: "on or off: whether its streams are kept as recordings, from the next one on.")
        var recording: Setting?

        @Option(help: "The user whom it belongs to.")
        var owner: String?

        @OptionGroup var options: AdministrationOptions

        func validate() throws {
            guard title != nil || recording != nil || owner != nil else {
                throw ValidationError("nothing to change: give --title, --recording or --owner")
            }
        }

        func run() async throws {
            let channel = try await Accounts.with(options) { accounts in
                try await accounts.updateChannel(
                    named: name, title: title, isRecorded: recording.map { $0 == .on }, ownerName: owner,
                    by: .administrator)
            }
            print(
                "channel    \(name)\ntitle      \(channel.title)\nrecording  \(channel.isRecorded ? "on" : "off")")
            if let owner { print("owner      \(owner)") }
        }
    }
}
