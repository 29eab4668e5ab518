import AccountService
import ArgumentParser

struct ChannelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel", abstract: "Make, change, list and delete channels.",
        subcommands: [Create.self, List.self, Update.self, Delete.self, RotateKey.self, Recording.self])

    struct RotateKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-key", abstract: "Revoke the channel's stream keys and print a new one.",
            discussion: AdministrationOptions.findTheServer)

        @Argument(help: "The channel's name.")
        var name: String

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let target = try options.target()
            let key = try await Accounts.with(target) { accounts in
                try await accounts.rotateKey(channelNamed: name, by: .administrator)
            }
            Failure.report(target.description)
            print(PushInstructions(channel: name, key: key.streamKey, target: target).text)
        }
    }

    enum Setting: String, ExpressibleByArgument, CaseIterable {
        case on, off
    }

    struct Recording: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether the channel's streams are kept as recordings, from the next one on.",
            discussion: AdministrationOptions.findTheServer)

        @Argument(help: "The channel's name.")
        var name: String

        @Argument(help: "on or off.")
        var setting: Setting

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let channel = try await Accounts.with(options) { accounts in
                try await accounts.updateChannel(named: name, isRecorded: setting == .on, by: .administrator)
            }
            print("channel    \(name)\nrecording  \(channel.isRecorded ? "on" : "off")")
        }
    }
}
