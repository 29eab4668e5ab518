import AccountService
import ArgumentParser
import Foundation

extension ChannelCommand {
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a channel, also one that is on the air.",
            discussion:
                "Its stream ends, its stream keys stop working, and its recordings are no longer served. Its name stays taken, so that nobody can pretend to be it."
                + "\n\n" + AdministrationOptions.findTheServer
        )

        @Argument(help: "The channel's name.")
        var name: String

        @Flag(help: "Do not ask.")
        var yes = false

        @OptionGroup var options: AdministrationOptions

        func run() async throws {
            guard yes || isatty(STDIN_FILENO) != 0 else {
                throw Failure(
                    code: Failure.usage, description: "a deleted channel does not come back: confirm with --yes")
            }
            let target = try options.target()
            let channel = try await Accounts.with(target) { accounts in
                guard let channel = try await AccountAPI(service: accounts).channel(named: name) else {
                    throw AccountError.unknownChannel(name)
                }
                return channel
            }
            Failure.report(target.description)
            if !yes { try await confirm(channel) }
            try await Accounts.with(target) { try await $0.deleteChannel(named: name, by: .administrator) }
            print("deleted    \(name)\(channel.live ? ", which was on the air: its stream ends" : "")")
        }

        private func confirm(_ channel: ChannelDocument) async throws {
            let state = channel.live ? "is on the air: its stream ends" : "is not on the air"
            let question =
                "\(name) (“\(channel.title)”) \(state). Its keys stop working, its recordings are no longer served, "
                + "and its name stays taken. Type the name to delete it: "
            FileHandle.standardError.write(Data(question.utf8))
            let answer = await withCheckedContinuation { continuation in
                // A person takes their time.
                DispatchQueue.global().async { continuation.resume(returning: readLine()) }
            }
            guard answer == name else { throw Failure(code: Failure.declined, description: "nothing was deleted") }
        }
    }
}
