import AccountService
import ArgumentParser

struct ChannelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel", abstract: "Make channels and stream keys.",
        subcommands: [Create.self, RotateKey.self, Recording.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a channel and print its stream key.")

        @Argument(help: "3 to 25 characters: a–z, 0–9 and _.")
        var name: String

        @Option(help: "What the channel is called. (default: its name)")
        var title: String?

        @OptionGroup var options: AdministrationOptions

        func validate() throws {
            do {
                try ChannelName.check(name)
            } catch {
                throw ValidationError(error.description)
            }
        }

        func run() async throws {
            let key = try await Accounts.with(options) { accounts in
                _ = try await accounts.createChannel(name: name, title: title ?? name)
                return try await accounts.createKey(
                    channelNamed: name, label: "", validity: nil, by: .administrator)
            }
            print("channel    \(name)\nstream key \(key.streamKey)")
        }
    }

    struct RotateKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-key", abstract: "Revoke the channel's stream keys and print a new one.")

        @Argument(help: "The channel's name.")
        var name: String

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let key = try await Accounts.with(options) { accounts in
                try await accounts.rotateKey(channelNamed: name, by: .administrator)
            }
            print("channel    \(name)\nstream key \(key.streamKey)")
        }
    }

    struct Recording: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether the channel's streams are kept as recordings, from the next one on.")

        enum Setting: String, ExpressibleByArgument, CaseIterable {
            case on, off
        }

        @Argument(help: "The channel's name.")
        var name: String

        @Argument(help: "on or off.")
        var setting: Setting

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            let channel = try await Accounts.with(options) { accounts in
                try await accounts.setRecording(setting == .on, channelNamed: name, by: .administrator)
            }
            print("channel    \(name)\nrecording  \(channel.isRecorded ? "on" : "off")")
        }
    }
}
