import AccountService
import ArgumentParser
import Logging
import MessageBus
import Persistence
import Telemetry

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

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let key = try await ChannelCommand.withAccounts(options) { accounts in
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

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let key = try await ChannelCommand.withAccounts(options) { accounts in
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

        @OptionGroup var options: ServerOptions

        func run() async throws {
            let channel = try await ChannelCommand.withAccounts(options) { accounts in
                try await accounts.setRecording(setting == .on, channelNamed: name, by: .administrator)
            }
            print("channel    \(name)\nrecording  \(channel.isRecorded ? "on" : "off")")
        }
    }

    /// Writes to the database also while a server runs, whose relay sees it within 250 ms.
    private static func withAccounts<Value>(
        _ options: ServerOptions, _ body: (AccountService) async throws -> Value
    ) async throws -> Value {
        let configuration = try Configuration(options)
        let output = LogOutput(level: .error)
        let folder = try DataFolder.make(configuration.data)
        let database: SQLiteDatabase
        do {
            database = try SQLiteDatabase(path: folder + "/accounts.sqlite")
        } catch {
            throw Failure(
                code: Failure.unavailable, description: "--data \(configuration.data): there is no usable database")
        }
        let accounts = AccountService(
            database: database, bus: InProcessMessageBus(),
            logger: output.logger(label: "accounts"))
        do {
            try await accounts.prepare()
            let value = try await body(accounts)
            try await database.close()
            return value
        } catch let error as AccountError {
            throw Failure(code: Failure.usage, description: error.description)
        }
    }
}
