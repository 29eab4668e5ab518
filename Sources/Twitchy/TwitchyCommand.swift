import ArgumentParser
import CProcess
import Dispatch
import Foundation

/// The one binary: all roles, or some of them, and the commands of administration.
struct TwitchyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "twitchy", abstract: "Live audio: push with any encoder, listen in any HLS player.",
        discussion:
            "All commands take the options of `twitchy serve`, which its help lists; each is also an environment variable, such as TWITCHY_HTTP_PORT, and a key of the file that --config names.",
        version: TwitchyVersion.text,
        subcommands: [
            ServeCommand.self, RunCommand.self, RoleCommand<IngestRole>.self, RoleCommand<TranscoderRole>.self,
            RoleCommand<OriginRole>.self, RoleCommand<AccountsRole>.self, RoleCommand<WebRole>.self,
            ChannelCommand.self, KeyCommand.self, UserCommand.self, StatusCommand.self, ReplayCommand.self,
            VersionCommand.self,
        ],
        defaultSubcommand: nil)

    /// Runs the command that was typed.
    static func run() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Foundation.exit(0)
        } catch {
            end(with: error)
        }
    }

    /// Says in one line why the program ends.
    static func end(with error: any Error) -> Never {
        if let failure = error as? Failure ?? Failure(database: error) {
            Failure.report(failure.description)
            Foundation.exit(failure.code)
        } else {
            let code = exitCode(for: error)
            guard code != .success else { exit(withError: error) }
            // One line says what is wrong; what is right stands in `--help`.
            let line = message(for: error).split(separator: "\n").first.map(String.init) ?? "\(error)"
            // The parser stumbles over whatever follows a command that it does not know.
            let complaint = CommandNames.complaint(Array(CommandLine.arguments.dropFirst()))
            Failure.report(complaint ?? CommandNames.namingNearestOption(line))
            Foundation.exit(code == .validationFailure ? Failure.usage : code.rawValue)
        }
    }
}

@main
enum Program {
    static func main() {
        // Whoever reads our output may leave; that must not end a server.
        signal(SIGPIPE, SIG_IGN)
        twitchy_die_of_sent_signals()
        do {
            // A supervisor has this thread and no other, so that it stays simple; everything else is asynchronous.
            if let serve = try TwitchyCommand.parseAsRoot() as? ServeCommand, let code = try serve.supervise() {
                exit(code)
            }
        } catch {
            TwitchyCommand.end(with: error)
        }
        Task { await TwitchyCommand.run() }
        dispatchMain()
    }
}

/// Why the program ends, in one line, with a code of sysexits.h.
struct Failure: Error, CustomStringConvertible {
    /// Somebody was asked, and did not want it.
    static let declined: Int32 = 1
    static let usage: Int32 = 64
    static let damaged: Int32 = 65
    static let noInput: Int32 = 66
    static let unavailable: Int32 = 69
    static let software: Int32 = 70
    /// Starting again later may help.
    static let temporary: Int32 = 75

    var code: Int32
    var description: String

    static func report(_ line: String) {
        FileHandle.standardError.write(Data("twitchy: \(line)\n".utf8))
    }
}

enum TwitchyVersion {
    static let text = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Say which version this is.")

    func run() { print("twitchy \(TwitchyVersion.text)") }
}
