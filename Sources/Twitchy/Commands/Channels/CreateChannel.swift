import AccountService
import ArgumentParser

extension ChannelCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a channel; print its stream key and what to paste into encoders.",
            discussion: AdministrationOptions.findTheServer)

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
            let target = try options.target()
            let key = try await Accounts.with(target) { accounts in
                _ = try await accounts.createChannel(name: name, title: title ?? name)
                return try await accounts.createKey(
                    channelNamed: name, label: "", validity: nil, by: .administrator)
            }
            Failure.report(target.description)
            print(PushInstructions(channel: name, key: key.streamKey, target: target).text)
        }
    }
}
